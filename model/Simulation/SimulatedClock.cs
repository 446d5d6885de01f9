using System.Diagnostics;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Model.Simulation;

/// <summary>
/// The time that work takes on a simulated device. Work is charged in simulated seconds while it is submitted, and waited for together. Not thread-safe.
/// </summary>
/// <param name="scale">Real seconds for each simulated second.</param>
internal sealed class SimulatedClock(double scale)
{
    // A sleep that ends late is made up for by the next one. A longer delay than this is not the timer's: the machine is busy.
    private static readonly long MaxCredit = Stopwatch.Frequency / 1000;

    private long _began;
    private long _credit;
    private double _due;

    /// <summary>Adds work.</summary>
    public void Charge(double seconds)
    {
        if (_due == 0)
        {
            _began = Stopwatch.GetTimestamp();
        }

        _due += seconds;
    }

    /// <summary>Waits until the work that was charged is done.</summary>
    public void Wait()
    {
        if (_due == 0)
        {
            return;
        }

        long end = _began + (long)(_due * scale * Stopwatch.Frequency) - _credit;
        _due = 0;
        PreciseSleep.Until(end);
        _credit = Math.Clamp(Stopwatch.GetTimestamp() - end, 0, MaxCredit);
    }
}
