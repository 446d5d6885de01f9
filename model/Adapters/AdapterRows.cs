namespace HunyuanOrleans.Model.Adapters;

/// <summary>The adapters of the rows of a step. Keep the object and reuse it: it allocates nothing once it has grown.</summary>
public sealed class AdapterRows
{
    private LoraAdapter?[] _ofRow = new LoraAdapter?[64];
    private AdapterRun[] _runs = new AdapterRun[8];
    private int _runCount;

    /// <summary>Number of rows.</summary>
    public int Rows { get; private set; }

    /// <summary>Whether any row has an adapter.</summary>
    public bool Any => _runCount > 0;

    /// <summary>The consecutive rows of each adapter. Rows without one are in none of them.</summary>
    public ReadOnlySpan<AdapterRun> Runs => _runs.AsSpan(0, _runCount);

    /// <summary>The adapter of each row; null: none.</summary>
    public ReadOnlySpan<LoraAdapter?> OfRow => _ofRow.AsSpan(0, Rows);

    /// <summary>Begins a step.</summary>
    public void Clear()
    {
        _ofRow.AsSpan(0, Rows).Clear();
        _runs.AsSpan(0, _runCount).Clear();
        Rows = _runCount = 0;
    }

    /// <summary>Adds the next rows of the step.</summary>
    /// <param name="adapter">Their adapter; null: none.</param>
    /// <param name="count">Number of rows.</param>
    public void Add(LoraAdapter? adapter, int count)
    {
        if (Rows + count > _ofRow.Length)
        {
            Array.Resize(ref _ofRow, Math.Max(Rows + count, 2 * _ofRow.Length));
        }

        _ofRow.AsSpan(Rows, count).Fill(adapter);
        if (adapter is not null)
        {
            if (_runCount > 0 && _runs[_runCount - 1] is AdapterRun last && last.Adapter == adapter && last.First + last.Count == Rows)
            {
                _runs[_runCount - 1] = last with { Count = last.Count + count };
            }
            else
            {
                if (_runCount == _runs.Length)
                {
                    Array.Resize(ref _runs, 2 * _runCount);
                }

                _runs[_runCount++] = new AdapterRun(adapter, Rows, count);
            }
        }

        Rows += count;
    }
}

/// <summary>Consecutive rows of a step that have the same adapter.</summary>
/// <param name="Adapter">The adapter.</param>
/// <param name="First">First row.</param>
/// <param name="Count">Number of rows.</param>
public readonly record struct AdapterRun(LoraAdapter Adapter, int First, int Count);
