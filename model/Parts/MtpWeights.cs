using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Loading;

namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// The weights of the layer for multi-token prediction beside those of an ordinary layer, which it sets in a model's parts. It does not own their memory.
/// </summary>
/// <param name="EmbeddingNorm">The norm of the following token's embedding, [hidden] (enorm).</param>
/// <param name="HiddenNorm">The norm of the hidden state, [hidden] (hnorm).</param>
/// <param name="Projection">Embedding and hidden state to the residual stream, [hidden, 2 * hidden] (eh_proj).</param>
/// <param name="FinalNorm">The norm behind the layer, [hidden] (final_layernorm).</param>
/// <param name="Bytes">Bytes of all its packed weights.</param>
/// <param name="AlwaysReadBytes">Those that every step reads: all but the experts.</param>
internal sealed record MtpWeights(
    PlannedVector EmbeddingNorm, PlannedVector HiddenNorm, PlannedMatrix Projection, PlannedVector FinalNorm, long Bytes, long AlwaysReadBytes)
{
    // A part of its own, so that a packed copy of the model is the same with and without the layer.
    private const string Piece = "mtp";

    /// <summary>Loads the layer and sets its attention, router and experts in the parts.</summary>
    /// <param name="weights">The checkpoint, with a config that has the layer.</param>
    /// <param name="layer">Number of the layer.</param>
    /// <param name="parts">Receive attention, router and experts.</param>
    /// <param name="owned">Receives the memory.</param>
    /// <param name="progress">Receives at least one report; may be null.</param>
    /// <param name="cancellationToken">Checked about every 32 MB.</param>
    public static MtpWeights Load(
        Weights weights, int layer, ModelParts parts, DisposableStack owned, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        WeightPlan plan = new(parts.Types, Piece, parts.Device.Loader);
        PlannedMatrix projection = plan.Add(weights.MtpProjection());
        AttentionLayerWeights attention = AttentionLayerWeights.Plan(weights, layer, plan);
        RouterLayerWeights router = RouterLayerWeights.Plan(weights, layer, plan);
        long alwaysRead = plan.TotalBytes;
        ExpertWeights[] experts = [.. Enumerable.Range(0, weights.Config.Experts).Select(expert => ExpertWeights.Plan(weights, layer, expert, plan))];
        MtpWeights mtp = new(
            plan.AddVector(weights.MtpEmbeddingNorm().ToSingles()),
            plan.AddVector(weights.MtpHiddenNorm().ToSingles()),
            projection,
            plan.AddVector(weights.MtpFinalNorm().ToSingles()),
            plan.TotalBytes,
            alwaysRead);
        owned.Add(WeightLoader.Load(weights, plan, parts.Options, parts.Pool, parts.Device, parts.Kernels, progress, cancellationToken));
        parts.Attention.Set(layer, attention);
        parts.Router.Set(layer, router);
        for (int expert = 0; expert < experts.Length; expert++)
        {
            parts.Experts!.Set(layer, expert, experts[expert]);
        }

        return mtp;
    }
}
