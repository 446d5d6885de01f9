using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>Tensor names of published Hunyuan checkpoints, which the transformers library uses too.</summary>
internal static class WeightNames
{
    public const string Embedding = "model.embed_tokens.weight";
    public const string FinalNorm = "model.norm.weight";
    public const string LmHead = "lm_head.weight";

    public static string Layer(int layer) => $"model.layers.{layer}.";

    public static string Attention(int layer) => $"model.layers.{layer}.self_attn.";

    public static string RouterGate(int layer) => $"model.layers.{layer}.mlp.gate.wg.weight";

    public static string SharedMlp(int layer) => $"model.layers.{layer}.mlp.shared_mlp.";

    public static string ExpertMlp(int layer, int expert) => $"model.layers.{layer}.mlp.experts.{expert}.";

    public static string DenseMlp(int layer) => $"model.layers.{layer}.mlp.";

    /// <summary>The name of a weight's module.</summary>
    public static string Module(string weight) =>
        weight.EndsWith(".weight", StringComparison.Ordinal) ? weight[..^".weight".Length] : weight;

    /// <summary>Whether a tensor is one that some exporters write although no computation uses it.</summary>
    public static bool IsUnused(string name, ModelConfig config) =>
        name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal) ||
        name.EndsWith("rotary_emb.cos_cached", StringComparison.Ordinal) ||
        name.EndsWith("rotary_emb.sin_cached", StringComparison.Ordinal) ||
        (config.TieWordEmbeddings && name == LmHead) ||
        (config.Quantization is not null && IsKvScale(name));

    // Scales of an 8-bit cache. Quantised checkpoints contain them whatever the type of the cache is.
    private static bool IsKvScale(string name) =>
        name.EndsWith(".self_attn.k_scale", StringComparison.Ordinal) ||
        name.EndsWith(".self_attn.v_scale", StringComparison.Ordinal) ||
        name.EndsWith(".self_attn.kv_scale", StringComparison.Ordinal);
}
