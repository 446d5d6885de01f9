using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Model.Parts;

/// <summary>The weights of the last norm and lm_head. It does not own their memory.</summary>
internal sealed record HeadWeights(PlannedVector Norm, PlannedMatrix Head)
{
    public static HeadWeights Plan(Weights weights, WeightPlan plan) => new(plan.AddVector(weights.FinalNorm().ToSingles()), plan.AddHead(weights.LmHead()));
}
