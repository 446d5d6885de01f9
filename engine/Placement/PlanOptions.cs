using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>Options of a <see cref="PartitionPlan"/>.</summary>
public sealed record PlanOptions
{
    /// <summary>Precision of matrices that are not quantised. Default bf16.</summary>
    public ComputeMode Mode { get; init; }

    /// <summary>Format of the matrices. Default null: as the model's config says.</summary>
    public QuantFormat? Quant { get; init; }

    /// <summary>How keys and values are stored. Default bf16.</summary>
    public KvFormat Kv { get; init; }

    /// <summary>
    /// Positions for which every attention shard must have K/V memory, rounded up to whole blocks; a plan with less does not fit. Default
    /// 0: the model's context, at most 4,096. Raising it leaves less memory for weights.
    /// </summary>
    public long MinKvTokens { get; init; }

    /// <summary>
    /// The previous plan. What it placed on silos that are still alive stays there; only the parts of lost silos and the shares of new
    /// silos move. Default null: a new plan.
    /// </summary>
    public PartitionPlan? Previous { get; init; }

    /// <summary>
    /// What silos hold now, if that is not what the previous plan says or if there is none. It counts instead of <see cref="Previous"/>. Default null:
    /// silos hold what the previous plan placed there.
    /// </summary>
    public HeldParts? Held { get; init; }

    /// <summary>
    /// Tokens sent to each expert. Hot experts then count as more work and get replicas. Default null: all experts alike, no replicas.
    /// </summary>
    public ExpertLoad? Load { get; init; }

    /// <summary>
    /// Fraction, 0 to 1, that replicas may take of a silo's memory beyond its weights and required K/V. Default 0.25. Raising it leaves
    /// less memory for K/V.
    /// </summary>
    public double ReplicaShare { get; init; } = 0.25;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ModelException">A value is out of range; the message names it and its range.</exception>
    public void Validate()
    {
        if (MinKvTokens is < 0 or > 1L << 40)
        {
            throw new ModelException($"MinKvTokens is {MinKvTokens}; allowed: 0 to 2^40.");
        }

        if (!(ReplicaShare is >= 0 and <= 1))
        {
            throw new ModelException(FormattableString.Invariant($"ReplicaShare is {ReplicaShare}; allowed: 0 to 1."));
        }

        if (!Enum.IsDefined(Mode) || !Enum.IsDefined(Quant ?? QuantFormat.None) || !Enum.IsDefined(Kv))
        {
            throw new ModelException($"Formats are {Mode}, {Quant} and {Kv}; allowed: the named ones.");
        }
    }
}
