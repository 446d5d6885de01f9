using System.Numerics;

namespace HunyuanOrleans.Engine.Speculation;

/// <summary>
/// Learns from measured decode steps how long a step takes for a number of rows: on one machine further rows are almost free, on another each costs as
/// much as the first. Times are only compared with each other.
/// </summary>
internal sealed class StepCost
{
    /// <summary>Row counts up to this one are measured one by one; above it, a few that are close together share an entry.</summary>
    private const int ExactRows = 16;

    private const int EntriesPerOctave = 4, Entries = ExactRows + (16 * EntriesPerOctave);

    /// <summary>Weight of a new measurement.</summary>
    private const double Weight = 0.2;

    /// <summary>A measurement counts at most this many times the time known so far: a step may have been interrupted.</summary>
    private const double LongestFactor = 3;

    /// <summary>
    /// Number of steps after which a time that was not measured again counts as unknown: contexts grow, machines get busy, and the row count must be
    /// tried again.
    /// </summary>
    private const int MaxAge = 512;

    /// <summary>
    /// The assumed cost of a row beyond the largest measured count, as part of a step's time for each of the rows that it has and a few more. It is low, so
    /// that row counts are tried.
    /// </summary>
    private const double AssumedShare = 0.25, AssumedRows = 7;

    private readonly double[] _rows = new double[Entries];
    private readonly double[] _times = new double[Entries];
    private readonly int[] _measured = new int[Entries];
    private readonly long[] _step = new long[Entries];
    private long _steps;

    /// <summary>Records a step.</summary>
    /// <param name="rows">Number of its rows, at least 1.</param>
    /// <param name="time">Time that it took, in any unit.</param>
    public void Record(int rows, double time)
    {
        int entry = EntryOf(rows);
        _steps++;

        // The first step with a new number of rows may have to compile code or to build a graph.
        if (_measured[entry]++ == 0 || time <= 0)
        {
            return;
        }

        bool known = IsKnown(entry);
        _step[entry] = _steps;
        double weight = known ? Weight : 1;
        _times[entry] += weight * ((known ? Math.Min(time, LongestFactor * _times[entry]) : time) - _times[entry]);
        _rows[entry] += weight * (rows - _rows[entry]);
    }

    /// <summary>Estimates the time of a step, relative to the other estimates.</summary>
    public double Estimate(int rows)
    {
        int entry = Math.Min(EntryOf(rows), Entries - 1);
        int below = entry;
        while (below > 0 && !(IsKnown(below) && _rows[below] <= rows))
        {
            below--;
        }

        int above = entry;
        while (above < Entries && !(IsKnown(above) && _rows[above] >= rows))
        {
            above++;
        }

        if (below > 0 && above < Entries)
        {
            double span = _rows[above] - _rows[below];
            double time = span == 0 ? _times[below] : _times[below] + ((_times[above] - _times[below]) * (rows - _rows[below]) / span);
            return Math.Max(time, _times[below]);
        }

        (double fromRows, double fromTime) = below > 0 ? (_rows[below], _times[below]) : above < Entries ? (_rows[above], _times[above]) : (1, 1);
        return fromTime * (1 + (AssumedShare * Math.Max(0, rows - fromRows) / (fromRows + AssumedRows)));
    }

    private bool IsKnown(int entry) => _times[entry] > 0 && _steps - _step[entry] <= MaxAge;

    private static int EntryOf(int rows)
    {
        if (rows <= ExactRows)
        {
            return rows;
        }

        int octave = BitOperations.Log2((uint)rows / ExactRows);
        int quarter = ((rows >> octave) - ExactRows) * EntriesPerOctave / ExactRows;
        return Math.Min(ExactRows + 1 + (octave * EntriesPerOctave) + quarter, Entries - 1);
    }
}
