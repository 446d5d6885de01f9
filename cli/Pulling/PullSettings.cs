namespace HunyuanOrleans.Cli.Pulling;

/// <summary>How a pull goes about it.</summary>
/// <param name="Parallel">Most files at once.</param>
internal sealed record PullSettings(int Parallel)
{
    /// <summary>How long the hub may stay silent. Default 30 s. Lower finds dead connections sooner and gives up slow ones.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Waits between attempts. Default: by the clock.</summary>
    public Func<TimeSpan, CancellationToken, Task>? Pause { get; init; }
}
