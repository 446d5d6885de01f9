using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// The weights between one layer's attention and its routed experts: norm, router and shared expert, or norm and plain MLP. It does not
/// own their memory.
/// </summary>
/// <param name="Norm">The norm before the MLP, [hidden].</param>
/// <param name="Gate">The router, float32; null in a layer without experts.</param>
/// <param name="GateUp">Gate and up projections of the shared expert or plain MLP; null if the layer has neither.</param>
/// <param name="Down">Down projection of the shared expert or plain MLP; null if the layer has neither.</param>
/// <param name="Width">Width of the shared expert or plain MLP; 0 if the layer has neither.</param>
internal sealed record RouterLayerWeights(PlannedVector Norm, PlannedMatrix? Gate, PlannedMatrix? GateUp, PlannedMatrix? Down, int Width)
{
    public static RouterLayerWeights Plan(Weights weights, int layer, WeightPlan plan)
    {
        PlannedVector norm = plan.AddVector(weights.PostAttentionNorm(layer).ToSingles());
        bool moe = weights.Config.IsMoeLayer(layer);
        PlannedMatrix? gate = moe ? plan.AddFloat32(weights.RouterGate(layer)) : null;
        if (moe && weights.Config.SharedExperts(layer) == 0)
        {
            return new RouterLayerWeights(norm, gate, null, null, 0);
        }

        MlpRows mlp = moe ? weights.Shared(layer) : weights.Dense(layer);
        return new RouterLayerWeights(norm, gate, plan.AddGateUp(mlp), plan.Add(mlp.Down), mlp.Gate.Rows);
    }
}
