using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
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
    private SigmoidRouterSettings? _sigmoid;
    private PlannedVector? _bias;
    private SigmoidRouting? _routing;

    /// <summary>How experts are chosen by sigmoids, once the weights are loaded; null if they are chosen by a softmax.</summary>
    public SigmoidRouting? Sigmoid =>
        _sigmoid is null ? null : _routing ??= new SigmoidRouting(_bias?.Vector, _sigmoid.Normalises, _sigmoid.Scale);

    public static RouterLayerWeights Plan(Weights weights, int layer, WeightPlan plan)
    {
        PlannedVector norm = plan.AddVector(weights.PostAttentionNorm(layer).ToSingles());
        bool moe = weights.Config.IsMoeLayer(layer);
        PlannedMatrix? gate = moe ? plan.AddFloat32(weights.RouterGate(layer)) : null;
        MlpRows? mlp = !moe ? weights.Dense(layer) : weights.Config.SharedExperts(layer) > 0 ? weights.Shared(layer) : null;
        return new RouterLayerWeights(norm, gate, mlp is null ? null : plan.AddGateUp(mlp), mlp is null ? null : plan.Add(mlp.Down), mlp?.Gate.Rows ?? 0)
        {
            _sigmoid = moe ? weights.Config.SigmoidRouter : null,
            _bias = plan.AddOptionalVector(moe ? weights.RouterBias(layer)?.ToSingles() : null),
        };
    }
}
