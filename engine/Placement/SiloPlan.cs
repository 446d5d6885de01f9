namespace HunyuanOrleans.Engine.Placement;

/// <summary>What a plan assigns to one silo.</summary>
public sealed record SiloPlan
{
    /// <summary>The silo.</summary>
    public required SiloCapacity Silo { get; init; }

    /// <summary>Attention shards: layer ranges of whole CLA groups, with their routers, shared experts and K/V.</summary>
    public required IReadOnlyList<LayerRange> Attention { get; init; }

    /// <summary>Expert groups whose primary holder the silo is.</summary>
    public required IReadOnlyList<ExpertRange> Experts { get; init; }

    /// <summary>Replicas of hot experts whose primary holders are other silos.</summary>
    public required IReadOnlyList<ExpertRange> Replicas { get; init; }

    /// <summary>True if the silo has the first layer, and with it the embedding.</summary>
    public required bool HoldsEmbedding { get; init; }

    /// <summary>True if the silo has the last layer, and with it the final norm and lm_head.</summary>
    public required bool HoldsHead { get; init; }

    /// <summary>Bytes of all its weights, replicas included: packed matrices in whole pages, and the embedding as stored.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Number of positions whose K/V fit into the memory beyond the weights; 0 without attention.</summary>
    public required long KvTokens { get; init; }

    /// <summary>Bytes of weights that the silo is expected to read per token.</summary>
    public required double TouchedBytesPerToken { get; init; }
}
