using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Model.Parts;

/// <summary>The weights of one layer's attention. It does not own their memory.</summary>
internal sealed record AttentionLayerWeights(PlannedVector InputNorm, PlannedMatrix Projection, PlannedMatrix Output, PlannedVector? OutputBias)
{
    private PlannedVector? _bias;
    private PlannedVector? _queryScale;
    private PlannedVector? _keyScale;
    private bool _hasNorm;
    private float _eps;
    private AttentionWeights? _attention;

    /// <summary>What is applied between projection and attention, once the weights are loaded.</summary>
    public AttentionWeights Attention => _attention ??= new AttentionWeights(_bias?.Vector, _queryScale!.Vector, _hasNorm, _eps, _keyScale?.Vector);

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

        float[]? queryNorm = weights.QueryNorm(layer)?.ToSingles();
        float[]? keyNorm = weights.KeyNorm(layer)?.ToSingles();
        bool normsFirst = weights.Config.NormsBeforeRotary;
        return new AttentionLayerWeights(
            plan.AddVector(weights.InputNorm(layer).ToSingles()),
            projection,
            plan.Add(weights.AttentionOutput(layer)),
            plan.AddOptionalVector(weights.AttentionOutputBias(layer)?.ToSingles()))
        {
            _bias = plan.AddOptionalVector(bias),
            _queryScale = plan.AddVector(AttentionWeights.QueryScaleOf(queryNorm, normsFirst ? null : keyNorm, weights.Config.HeadDim)),
            _keyScale = plan.AddOptionalVector(normsFirst ? keyNorm : null),
            _hasNorm = queryNorm is not null,
            _eps = weights.Config.RmsNormEps,
        };
    }
}
