namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// A <see cref="PartitionPlan"/> as plain values, to be handed round: who holds what, and nothing that follows from the config. Restored
/// with the same config and options it is an equal plan.
/// </summary>
public sealed record PlanSnapshot
{
    /// <summary>Every silo of the plan; the other fields name them by index.</summary>
    public required SiloCapacity[] Silos { get; init; }

    /// <summary>How experts are dealt out.</summary>
    public ExpertLayout Layout { get; init; }

    /// <summary>Silo of each CLA group; empty where the plan does not fit.</summary>
    public required int[] GroupSilos { get; init; }

    /// <summary>
    /// Silos of each expert, [layer][expert][holder]: the first holder, then those of copies; [layer] is empty in a layer without experts.
    /// Empty where the plan does not fit.
    /// </summary>
    public required int[][][] ExpertSilos { get; init; }

    /// <summary>Bytes of memory that are missing; 0 where the plan fits.</summary>
    public long MissingBytes { get; init; }

    /// <summary>Why the plan does not fit; null where it does.</summary>
    public string? Refusal { get; init; }
}
