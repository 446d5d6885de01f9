using HunyuanOrleans.Server.Hosting;

namespace HunyuanOrleans.Server.Cluster;

/// <summary>Where a model runs and how its experts are used, at approximately one moment.</summary>
/// <param name="Layers">The number of layers.</param>
/// <param name="Experts">The routed experts per layer; 1 or less if the model has none.</param>
/// <param name="ExpertTokens">The tokens routed to each expert since the model was loaded, at [layer * experts + expert] for all layers; 0
/// in layers without experts. Empty if the model has no experts, or if their tokens are not counted.</param>
/// <param name="Silos">The silos that hold the model, in a stable order.</param>
public sealed record ClusterOverview(int Layers, int Experts, IReadOnlyList<long> ExpertTokens, IReadOnlyList<SiloOverview> Silos)
{
    /// <summary>Whether the whole model runs in the server's process.</summary>
    public bool SingleProcess { get; init; }

    /// <summary>The first layer with experts. Default 0.</summary>
    public int FirstExpertLayer { get; init; }

    /// <summary>The experts that each token is routed to. Default 1.</summary>
    public int ExpertsPerToken { get; init; } = 1;

    /// <summary>The version of the partition plan in force; 0 (default) for none.</summary>
    public long PlanVersion { get; init; }

    /// <summary>The plan changes so far. Default 0.</summary>
    public long PlanChanges { get; init; }

    /// <summary>The steps that were sent again after a failure. Default 0.</summary>
    public long Retries { get; init; }

    /// <summary>Whether the model can compute now, and how far its weights are loaded; null (default) if it can and nothing is being loaded.</summary>
    public ModelReadiness? Readiness { get; init; }
}
