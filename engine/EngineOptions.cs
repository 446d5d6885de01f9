using HunyuanOrleans.Engine.Scheduling;

namespace HunyuanOrleans.Engine;

/// <summary>Options of an <see cref="InferenceEngine"/>.</summary>
public sealed record EngineOptions
{
    /// <summary>How steps are filled and how long the queue is. Default: the defaults of <see cref="SchedulerOptions"/>.</summary>
    public SchedulerOptions Scheduler { get; init; } = new();

    /// <summary>
    /// The model's end-of-text ids (generation_config.json, eos_token_id). Default: none, so answers end only by length or by the stops of
    /// their request.
    /// </summary>
    public IReadOnlyList<int> EosIds { get; init; } = [];
}
