namespace HunyuanOrleans.Engine.Placement;

/// <summary>What one silo holds by a plan.</summary>
public sealed record SiloPlan
{
    /// <summary>The silo.</summary>
    public required SiloCapacity Silo { get; init; }

    /// <summary>Attention shards: layer ranges that are whole CLA groups, with their routers, shared experts and K/V.</summary>
    public required IReadOnlyList<LayerRange> Attention { get; init; }

    /// <summary>Expert groups it is the first holder of.</summary>
    public required IReadOnlyList<ExpertRange> Experts { get; init; }

    /// <summary>Copies of hot experts that others are the first holders of.</summary>
    public required IReadOnlyList<ExpertRange> Replicas { get; init; }

    /// <summary>It has the first layer, and with it the embedding.</summary>
    public required bool HoldsEmbedding { get; init; }

    /// <summary>It has the last layer, and with it the final norm and lm_head.</summary>
    public required bool HoldsHead { get; init; }

    /// <summary>Bytes of all weights it holds: packed matrices in whole pages, and the embedding as stored. Copies are included.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Positions its K/V blocks hold in the memory that weights leave; 0 without attention.</summary>
    public required long KvTokens { get; init; }

    /// <summary>Bytes of weights that a token is expected to read here.</summary>
    public required double TouchedBytesPerToken { get; init; }
}
