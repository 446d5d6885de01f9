using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>What a plan is made for.</summary>
public sealed record PlanOptions
{
    /// <summary>Precision of matrices that are not quantised. Default bf16.</summary>
    public ComputeMode Mode { get; init; }

    /// <summary>The form matrices are held in. Default null: as the model's config says.</summary>
    public QuantFormat? Quant { get; init; }

    /// <summary>How keys and values are stored. Default bf16.</summary>
    public KvFormat Kv { get; init; }

    /// <summary>
    /// Positions every attention shard must have K/V room for, rounded up to whole blocks; a plan with less does not fit. Default 0: the
    /// model's context, at most 4,096. More leaves less room for weights.
    /// </summary>
    public long MinKvTokens { get; init; }

    /// <summary>
    /// The plan in force. What it placed on silos that still live stays there; only what a lost silo held and what a new silo is due
    /// moves. Default null: plan afresh.
    /// </summary>
    public PartitionPlan? Previous { get; init; }

    /// <summary>Tokens each expert was given. Hot experts then weigh more and get replicas. Default null: all alike, no replicas.</summary>
    public ExpertLoad? Load { get; init; }

    /// <summary>
    /// Part of a silo's memory beyond weights and the K/V it must have that replicas may take, 0 to 1. Default 0.25; more leaves less
    /// for K/V.
    /// </summary>
    public double ReplicaShare { get; init; } = 0.25;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ModelException">One of them is out of range.</exception>
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
