namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// A <see cref="PartitionPlan"/> as plain values, to send to other silos: which silo holds what, without anything that follows from the
/// config. Restored with the same config and options, it gives an equal plan.
/// </summary>
public sealed record PlanSnapshot
{
    /// <summary>All silos of the plan; the other properties refer to them by index.</summary>
    public required SiloCapacity[] Silos { get; init; }

    /// <summary>How experts are distributed.</summary>
    public ExpertLayout Layout { get; init; }

    /// <summary>Silo of each CLA group; empty if the plan does not fit.</summary>
    public required int[] GroupSilos { get; init; }

    /// <summary>
    /// Silos of each expert, [layer][expert][holder]: the primary holder first, then those of replicas. [layer] is empty for a layer
    /// without experts; all is empty if the plan does not fit.
    /// </summary>
    public required int[][][] ExpertSilos { get; init; }

    /// <summary>Bytes of memory that are missing; 0 if the plan fits.</summary>
    public long MissingBytes { get; init; }

    /// <summary>Why the plan does not fit; null if it does.</summary>
    public string? ShortfallMessage { get; init; }
}
