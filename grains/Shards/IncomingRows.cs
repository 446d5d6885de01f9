using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>Rows that arrive before the step they belong to. A shard has one; it outlives the shard's activation, and keeps little. Thread-safe.</summary>
/// <param name="steps">Most steps in flight. Rows of twice as many are kept, because those of the next may overtake them.</param>
public sealed class IncomingRows(int steps)
{
    private readonly Lock _gate = new();
    private readonly SortedList<(long Epoch, long Number), List<StepRowsMessage>> _rows = [];
    private readonly SortedSet<(long Epoch, long Number)> _taken = [];

    /// <summary>
    /// Keeps rows until their step arrives. Rows that arrive again after that are dropped, and so are those of a step that never comes once there are rows
    /// of enough later ones.
    /// </summary>
    public void Add(StepRowsMessage rows)
    {
        lock (_gate)
        {
            (long, long) step = (rows.Epoch, rows.Number);
            if (_taken.Contains(step) || (_taken.Count == 2 * steps && step.CompareTo(_taken.Min) < 0))
            {
                return;
            }

            if (!_rows.TryGetValue(step, out List<StepRowsMessage>? list))
            {
                _rows[step] = list = [];
                if (_rows.Count > 2 * steps)
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

    /// <summary>Takes the rows of a step, in order.</summary>
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
            _rows.Remove(step, out list);
            _taken.Add(step);
            while (_taken.Count > 2 * steps)
            {
                _taken.Remove(_taken.Min);
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
