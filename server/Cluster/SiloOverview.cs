using HunyuanOrleans.Engine.Placement;

namespace HunyuanOrleans.Server.Cluster;

/// <summary>One silo and its share of the model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Layers">Layers whose attention and routers it computes.</param>
/// <param name="Experts">Experts it computes.</param>
public sealed record SiloOverview(string Name, IReadOnlyList<LayerRange> Layers, IReadOnlyList<ExpertRange> Experts)
{
    /// <summary>It runs the model's scheduler.</summary>
    public bool Home { get; init; }

    /// <summary>It is about to stop.</summary>
    public bool Leaving { get; init; }

    /// <summary>It did not answer; the numbers below are 0 then.</summary>
    public bool Silent { get; init; }

    /// <summary>Bytes of weights.</summary>
    public long WeightBytes { get; init; }

    /// <summary>Bytes of KV memory reserved.</summary>
    public long KvBytes { get; init; }

    /// <summary>Sessions with a cache there; null (default) where that is not counted by silo.</summary>
    public int? Sessions { get; init; }

    /// <summary>Steps it took part in; null (default) where that is not counted by silo.</summary>
    public long? Steps { get; init; }
}
