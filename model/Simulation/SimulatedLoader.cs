using System.Diagnostics;

namespace HunyuanOrleans.Model.Simulation;

/// <summary>
/// The disk or network that weights come from. Loads at the same time share its speed, and one alone does not reach it. Thread-safe.
/// </summary>
/// <param name="bytesPerSecond">Simulated bytes per second over all loads.</param>
/// <param name="scale">Real seconds for each simulated second.</param>
internal sealed class SimulatedLoader(double bytesPerSecond, double scale)
{
    /// <summary>Number of loads at once that reach the full speed.</summary>
    public const int Streams = 4;

    /// <summary>Bytes of a load's buffers.</summary>
    public const long StagingBytes = 256L << 20;

    // Small enough for the speed of a load to follow the number of loads, large enough for timers.
    private const long PortionBytes = 64L << 20;

    private int _active;

    /// <summary>Completes when so many bytes have been loaded.</summary>
    public async Task LoadAsync(long bytes, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _active);
        try
        {
            double due = Stopwatch.GetTimestamp();
            while (bytes > 0)
            {
                long portion = Math.Min(bytes, PortionBytes);
                bytes -= portion;
                due += portion / bytesPerSecond * Math.Max(Streams, Volatile.Read(ref _active)) * scale * Stopwatch.Frequency;
                double left = (due - Stopwatch.GetTimestamp()) / Stopwatch.Frequency;
                if (left > 0)
                {
                    await Task.Delay(TimeSpan.FromSeconds(left), cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref _active);
        }
    }
}
