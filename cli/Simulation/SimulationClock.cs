namespace HunyuanOrleans.Cli.Simulation;

/// <summary>Simulated seconds since it was created.</summary>
/// <param name="time">The real clock.</param>
/// <param name="scale">Real seconds for each simulated second.</param>
internal sealed class SimulationClock(TimeProvider time, double scale)
{
    private readonly long _started = time.GetTimestamp();

    /// <summary>Simulated seconds that have passed.</summary>
    public double Now => time.GetElapsedTime(_started).TotalSeconds / scale;

    /// <summary>Waits until so many simulated seconds have passed.</summary>
    public Task WaitUntilAsync(double seconds, CancellationToken cancellationToken)
    {
        double left = (seconds - Now) * scale;
        return left <= 0 ? Task.CompletedTask : Task.Delay(TimeSpan.FromSeconds(left), time, cancellationToken);
    }
}
