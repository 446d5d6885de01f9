using HunyuanOrleans.Engine.Placement;

namespace HunyuanOrleans.Server.Cluster;

/// <summary>One silo and the part of the model that it holds.</summary>
/// <param name="Name">The silo's name.</param>
/// <param name="Layers">The layers whose attention and routers it computes.</param>
/// <param name="Experts">The experts that it computes.</param>
public sealed record SiloOverview(string Name, IReadOnlyList<LayerRange> Layers, IReadOnlyList<ExpertRange> Experts)
{
    /// <summary>Whether it runs the model's scheduler.</summary>
    public bool RunsScheduler { get; init; }

    /// <summary>Whether it is about to stop.</summary>
    public bool Leaving { get; init; }

    /// <summary>Why it takes no part in the model, as one line; null (default) if it does.</summary>
    public string? LeftOut { get; init; }

    /// <summary>Whether it did not answer. The numbers below are then 0.</summary>
    public bool Unreachable { get; init; }

    /// <summary>The weights that it still has to load, in bytes.</summary>
    public long BytesLeft { get; init; }

    /// <summary>The size of its weights, in bytes.</summary>
    public long WeightBytes { get; init; }

    /// <summary>The size of its KV pool, in bytes.</summary>
    public long KvBytes { get; init; }

    /// <summary>The sessions with a cache on it; null (default) if not counted per silo.</summary>
    public int? Sessions { get; init; }

    /// <summary>The steps it took part in; null (default) if not counted per silo.</summary>
    public long? Steps { get; init; }
}
