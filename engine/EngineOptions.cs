using HunyuanOrleans.Engine.Scheduling;

namespace HunyuanOrleans.Engine;

/// <summary>How an engine runs.</summary>
public sealed record EngineOptions
{
    /// <summary>How steps are filled and how long the queue is. Default: <see cref="SchedulerOptions"/>' own defaults.</summary>
    public SchedulerOptions Scheduler { get; init; } = new();

    /// <summary>
    /// The model's end-of-text ids (generation_config.json, eos_token_id). Default none: answers end by length or their own stops.
    /// </summary>
    public IReadOnlyList<int> EosIds { get; init; } = [];
}
