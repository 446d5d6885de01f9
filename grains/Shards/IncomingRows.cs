using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>Rows that arrive before the step they belong to, of one step at a time. Thread-safe.</summary>
public sealed class IncomingRows
{
    private readonly Lock _gate = new();
    private (long Epoch, long Number) _step;

    // Null once the step has taken its rows.
    private List<StepRowsMessage>? _rows;

    /// <summary>Keeps rows until their step arrives. A later step takes the place of the one before, of which no more is kept.</summary>
    public void Add(StepRowsMessage rows)
    {
        lock (_gate)
        {
            (long, long) step = (rows.Epoch, rows.Number);
            if (step.CompareTo(_step) > 0)
            {
                (_step, _rows) = (step, []);
            }

            // A message may arrive twice.
            if (step == _step && _rows is not null && !_rows.Exists(other => other.FirstRow == rows.FirstRow))
            {
                _rows.Add(rows);
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
        List<StepRowsMessage>? list = null;
        lock (_gate)
        {
            (long, long) step = (epoch, number);
            if (step.CompareTo(_step) >= 0)
            {
                list = step == _step ? _rows : null;
                (_step, _rows) = (step, null);
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
