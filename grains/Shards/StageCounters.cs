using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Grains.Shards;

/// <summary>What the stages of a silo have computed since the start. Only the device's thread counts.</summary>
/// <param name="config">The model's config.</param>
internal sealed class StageCounters(ModelConfig config)
{
    /// <summary>Number of tokens routed to each expert, [layer * experts + expert].</summary>
    public long[] ExpertTokens { get; } = new long[config.Layers * config.Experts];

    /// <summary>Number of steps started.</summary>
    public long Steps { get; set; }
}
