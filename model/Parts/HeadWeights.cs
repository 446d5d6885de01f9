using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Model.Parts;

/// <summary>The last norm and lm_head. It does not own the memory they lie in.</summary>
internal sealed record HeadWeights(float[] Norm, PlannedMatrix Head)
{
    public static HeadWeights Plan(Weights weights, WeightPlan plan) => new(weights.FinalNorm().ToSingles(), plan.AddHead(weights.LmHead()));
}
