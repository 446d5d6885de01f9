using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>Rows that arrive before the step they belong to. A shard has one; it outlives the shard's activation, and keeps little. Thread-safe.</summary>
public sealed class IncomingRows
{
    // One step runs at a time, and the rows of the next may overtake it.
    private const int KeptSteps = 2;

    private readonly Lock _gate = new();
    private readonly SortedList<(long Epoch, long Number), List<StepRowsMessage>> _rows = [];
    private (long Epoch, long Number) _taken;

    /// <summary>
    /// Keeps rows until their step arrives. Rows of earlier steps than the last one are dropped, and so are those of a step that never comes once there are
    /// rows of <see cref="KeptSteps"/> later ones.
    /// </summary>
    public void Add(StepRowsMessage rows)
    {
        lock (_gate)
        {
            (long, long) step = (rows.Epoch, rows.Number);
            if (step.CompareTo(_taken) <= 0)
            {
                return;
            }

            if (!_rows.TryGetValue(step, out List<StepRowsMessage>? list))
            {
                _rows[step] = list = [];
                if (_rows.Count > KeptSteps)
                {
                    _rows.RemoveAt(0);
                }
            }

            // A message may arrive twice.
            if (!list.Exists(other => other.FirstRow == rows.FirstRow))
            {
                list.Add(rows);
            }
        }
    }

    /// <summary>Takes the rows of a step, in order. What is left of earlier steps is dropped.</summary>
    /// <param name="epoch">Epoch of the step.</param>
    /// <param name="number">Number of the step.</param>
    /// <param name="rowsAhead">Number of rows that must have arrived.</param>
    /// <param name="rowBytes">Bytes of a row.</param>
    /// <exception cref="RowsMissingException">Some have not arrived.</exception>
    public IReadOnlyList<StepRowsMessage> Take(long epoch, long number, int rowsAhead, int rowBytes)
    {
        List<StepRowsMessage>? list;
        lock (_gate)
        {
            (long, long) step = (epoch, number);
            list = _rows.GetValueOrDefault(step);
            if (step.CompareTo(_taken) > 0)
            {
                _taken = step;
            }

            while (_rows.Count > 0 && _rows.GetKeyAtIndex(0).CompareTo(step) <= 0)
            {
                _rows.RemoveAt(0);
            }
        }

        if (list is null)
        {
            return rowsAhead == 0 ? [] : throw Missing(number);
        }

        list.Sort(static (a, b) => a.FirstRow.CompareTo(b.FirstRow));
        int next = 0;
        foreach (StepRowsMessage rows in list)
        {
            next = rows.FirstRow == next && rows.Rows.Length % rowBytes == 0 ? next + (rows.Rows.Length / rowBytes) : int.MinValue;
        }

        return next == rowsAhead ? list : throw Missing(number);
    }

    private static RowsMissingException Missing(long number) => new($"Rows of step {number} that were sent ahead are not here.");
}
