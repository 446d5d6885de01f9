using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Model.Parts;

/// <summary>The weights of one routed expert of one layer. It does not own their memory.</summary>
internal sealed record ExpertWeights(PlannedMatrix GateUp, PlannedMatrix Down)
{
    public static ExpertWeights Plan(Weights weights, int layer, int expert, WeightPlan plan)
    {
        MlpRows mlp = weights.Expert(layer, expert);
        return new ExpertWeights(plan.AddGateUp(mlp), plan.Add(mlp.Down));
    }
}
