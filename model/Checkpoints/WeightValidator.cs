using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>Walks all weights of a model once: each must be there in its shape, and nothing else may be.</summary>
internal static class WeightValidator
{
    public static void Run(ModelConfig config, Checkpoint checkpoint)
    {
        var weights = new Weights(config, checkpoint);
        var used = new HashSet<string>(StringComparer.Ordinal);
        Note(used, weights.Embedding(), weights.LmHead(), weights.FinalNorm());
        for (int layer = 0; layer < config.Layers; layer++)
        {
            NoteAttention(used, weights, layer);
            NoteMlps(used, weights, layer);
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

    private static void NoteAttention(HashSet<string> used, Weights weights, int layer)
    {
        Note(used, weights.InputNorm(layer), weights.PostAttentionNorm(layer), weights.QueryNorm(layer), weights.KeyNorm(layer));
        Note(used, weights.Query(layer), weights.QueryBias(layer));
        Note(used, weights.AttentionOutput(layer), weights.AttentionOutputBias(layer));
        if (weights.Config.IsSelfLayer(layer))
        {
            Note(used, weights.Key(layer), weights.KeyBias(layer), weights.Value(layer), weights.ValueBias(layer));
        }
    }

    private static void NoteMlps(HashSet<string> used, Weights weights, int layer)
    {
        if (!weights.Config.IsMoeLayer(layer))
        {
            NoteMlp(used, weights.Dense(layer));
            return;
        }

        Note(used, weights.RouterGate(layer));
        if (weights.Config.SharedExperts(layer) > 0)
        {
            NoteMlp(used, weights.Shared(layer));
        }

        for (int expert = 0; expert < weights.Config.Experts; expert++)
        {
            NoteMlp(used, weights.Expert(layer, expert));
        }
    }

    private static void NoteMlp(HashSet<string> used, MlpRows rows) =>
        Note(used, rows.Gate, rows.Up, rows.Down, rows.GateBias, rows.UpBias, rows.DownBias);

    private static void Note(HashSet<string> used, params ReadOnlySpan<RowSource?> sources)
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
