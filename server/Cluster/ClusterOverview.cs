namespace HunyuanOrleans.Server.Cluster;

/// <summary>Where a model runs and how its experts are used, at about one moment.</summary>
/// <param name="Layers">Layers of the model.</param>
/// <param name="Experts">Routed experts of a layer; 1 or less where the model has none.</param>
/// <param name="ExpertTokens">Tokens that were sent to each expert since the model was loaded, [layer * experts + expert] for all layers;
/// layers without experts are all 0. Empty where the model has no experts.</param>
/// <param name="Silos">Who holds it, in an order that does not change by itself.</param>
public sealed record ClusterOverview(int Layers, int Experts, IReadOnlyList<long> ExpertTokens, IReadOnlyList<SiloOverview> Silos)
{
    /// <summary>True where it all runs in the server's own process.</summary>
    public bool SingleProcess { get; init; }

    /// <summary>First layer that has experts. Default 0.</summary>
    public int FirstExpertLayer { get; init; }

    /// <summary>Experts a token is sent to. Default 1.</summary>
    public int ExpertsPerToken { get; init; } = 1;

    /// <summary>Number of the plan in force, of who holds what; 0 (default) where there is none.</summary>
    public long PlanVersion { get; init; }

    /// <summary>Changes of plan so far. Default 0.</summary>
    public long Switches { get; init; }

    /// <summary>Steps that had to be sent again. Default 0.</summary>
    public long Retries { get; init; }

    /// <summary>Why the model cannot compute now, in words; null (default) where it can.</summary>
    public string? Problem { get; init; }
}
