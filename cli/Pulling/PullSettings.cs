namespace HunyuanOrleans.Cli.Pulling;

/// <summary>The settings of a pull.</summary>
/// <param name="MaxParallelFiles">Most files downloaded at the same time.</param>
internal sealed record PullSettings(int MaxParallelFiles)
{
    /// <summary>
    /// How long the hub may send nothing, before a response and within one. The default is 30 s. A lower value detects dead connections sooner,
    /// but breaks slow ones.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Waits between attempts. The default, null, waits by the clock.</summary>
    public Func<TimeSpan, CancellationToken, Task>? Delay { get; init; }
}
