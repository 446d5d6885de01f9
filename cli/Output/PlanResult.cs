using HunyuanOrleans.Engine.Placement;

namespace HunyuanOrleans.Cli.Output;

/// <summary>What plan prints for machines. Ranges include their last layer and expert.</summary>
/// <param name="Fits">Everything has a place.</param>
/// <param name="MissingBytes">Bytes of memory that are missing at least; 0 where it fits.</param>
/// <param name="KvBytesPerToken">Bytes of K/V of one position, all layers.</param>
/// <param name="Silos">What each silo holds.</param>
/// <param name="Predicted">How fast it should be.</param>
internal sealed record PlanResult(bool Fits, long MissingBytes, long KvBytesPerToken, PlannedSilo[] Silos, PredictedSpeed Predicted)
{
    /// <summary>From a plan.</summary>
    public static PlanResult Of(PartitionPlan plan) => new(
        plan.Fits,
        plan.MissingBytes,
        plan.KvBytesPerToken,
        [.. plan.Silos.Select(PlannedSilo.Of)],
        new PredictedSpeed(Math.Round(plan.Predicted.DecodeTokensPerSecond, 3)));
}

/// <summary>A silo of a plan.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Attention">[first layer, last layer] of each attention shard.</param>
/// <param name="Experts">[first layer, last layer, first expert, last expert] of each expert group.</param>
/// <param name="WeightBytes">Bytes of its weights.</param>
/// <param name="KvTokens">Positions its K/V blocks hold.</param>
internal sealed record PlannedSilo(string Name, int[][] Attention, int[][] Experts, long WeightBytes, long KvTokens)
{
    /// <summary>From a plan's silo.</summary>
    public static PlannedSilo Of(SiloPlan silo) => new(
        silo.Silo.Name,
        [.. silo.Attention.Select(r => (int[])[r.FirstLayer, r.LastLayer])],
        [.. silo.Experts.Concat(silo.Replicas).Select(r => (int[])[r.FirstLayer, r.LastLayer, r.FirstExpert, r.LastExpert])],
        silo.WeightBytes,
        silo.KvTokens);
}

/// <summary>A plan's speed.</summary>
/// <param name="DecodeTokensPerSecond">One stream decoded alone; 0 where the model does not fit.</param>
internal sealed record PredictedSpeed(double DecodeTokensPerSecond);
