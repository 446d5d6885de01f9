using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Model.Parts;

/// <summary>The weights of one layer's attention. It does not own their memory.</summary>
internal sealed record AttentionLayerWeights(
    float[] InputNorm, PlannedMatrix Projection, PlannedMatrix Output, float[]? OutputBias, AttentionWeights Attention)
{
    public static AttentionLayerWeights Plan(Weights weights, int layer, WeightPlan plan)
    {
        bool self = weights.Config.IsSelfLayer(layer);
        PlannedMatrix projection = self
            ? plan.Add(weights.Query(layer), weights.Key(layer), weights.Value(layer))
            : plan.Add(weights.Query(layer));
        float[]? bias = weights.QueryBias(layer)?.ToSingles();
        if (bias is not null && self)
        {
            bias = [.. bias, .. weights.KeyBias(layer)!.ToSingles(), .. weights.ValueBias(layer)!.ToSingles()];
        }

        return new AttentionLayerWeights(
            weights.InputNorm(layer).ToSingles(),
            projection,
            plan.Add(weights.AttentionOutput(layer)),
            weights.AttentionOutputBias(layer)?.ToSingles(),
            new AttentionWeights(bias, weights.QueryNorm(layer)?.ToSingles(), weights.KeyNorm(layer)?.ToSingles(), weights.Config.RmsNormEps));
    }
}
