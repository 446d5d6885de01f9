using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>Checks that a checkpoint contains every tensor of a model with the right shape, and no other tensors.</summary>
internal static class WeightValidator
{
    public static void Run(ModelConfig config, Checkpoint checkpoint)
    {
        var weights = new Weights(config, checkpoint);
        var used = new HashSet<string>(StringComparer.Ordinal);
        MarkUsed(used, weights.Embedding(), weights.LmHead(), weights.FinalNorm());
        for (int layer = 0; layer < config.Layers; layer++)
        {
            MarkAttention(used, weights, layer);
            MarkMlps(used, weights, layer);
        }

        if (config.MtpLayer is not null)
        {
            MarkUsed(used, weights.MtpEmbeddingNorm(), weights.MtpHiddenNorm(), weights.MtpProjection(), weights.MtpFinalNorm());
        }

        foreach (TensorView tensor in checkpoint.Tensors)
        {
            if (!used.Contains(tensor.Name) && !WeightNames.IsUnused(tensor.Name, config))
            {
                throw new ModelException(
                    $"{tensor.File}: tensor \"{tensor.Name}\" of shape {tensor.ShapeText} is not part of the model that {config.Source} " +
                    "describes; allowed: only that model's tensors, each once, either separate or packed.");
            }
        }
    }

    private static void MarkAttention(HashSet<string> used, Weights weights, int layer)
    {
        MarkUsed(used, weights.InputNorm(layer), weights.PostAttentionNorm(layer), weights.QueryNorm(layer), weights.KeyNorm(layer));
        MarkUsed(used, weights.Query(layer), weights.QueryBias(layer));
        MarkUsed(used, weights.AttentionOutput(layer), weights.AttentionOutputBias(layer));
        if (weights.Config.IsSelfLayer(layer))
        {
            MarkUsed(used, weights.Key(layer), weights.KeyBias(layer), weights.Value(layer), weights.ValueBias(layer));
        }
    }

    private static void MarkMlps(HashSet<string> used, Weights weights, int layer)
    {
        if (!weights.Config.IsMoeLayer(layer))
        {
            MarkMlp(used, weights.Dense(layer));
            return;
        }

        MarkUsed(used, weights.RouterGate(layer), weights.RouterBias(layer));
        if (weights.Config.SharedExperts(layer) > 0)
        {
            MarkMlp(used, weights.Shared(layer));
        }

        for (int expert = 0; expert < weights.Config.Experts; expert++)
        {
            MarkMlp(used, weights.Expert(layer, expert));
        }
    }

    private static void MarkMlp(HashSet<string> used, MlpRows rows) =>
        MarkUsed(used, rows.Gate, rows.Up, rows.Down, rows.GateBias, rows.UpBias, rows.DownBias);

    private static void MarkUsed(HashSet<string> used, params ReadOnlySpan<RowSource?> sources)
    {
        foreach (RowSource? source in sources)
        {
            if (source is not null)
            {
                used.UnionWith(source.TensorNames);
            }
        }
    }
}
