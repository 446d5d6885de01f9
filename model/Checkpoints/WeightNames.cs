using System.Globalization;
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

    /// <summary>The names of the router, the usual one first.</summary>
    public static IReadOnlyList<string> RouterGates(ModelConfig config, int layer) => config.Family == ModelFamily.HyV3
        ? [$"model.layers.{layer}.mlp.router.gate.weight", $"model.layers.{layer}.mlp.gate.weight", $"model.layers.{layer}.mlp.gate.wg.weight"]
        : [$"model.layers.{layer}.mlp.gate.wg.weight"];

    /// <summary>The names of the bias that is added to the experts' scores, the usual one first.</summary>
    public static IReadOnlyList<string> ExpertBiases(int layer) =>
        [$"model.layers.{layer}.mlp.expert_bias", $"model.layers.{layer}.mlp.e_score_correction_bias"];

    /// <summary>The beginnings of the names of the shared expert, the usual one first.</summary>
    public static IReadOnlyList<string> SharedMlps(ModelConfig config, int layer) => config.Family == ModelFamily.HyV3
        ? [SharedMlp(layer), $"model.layers.{layer}.mlp.shared_experts."]
        : [SharedMlp(layer)];

    /// <summary>The beginning of the names of tensors that contain all experts of a layer.</summary>
    public static string StackedExperts(int layer) => $"model.layers.{layer}.mlp.experts.";

    /// <summary>The names of the norms of queries and keys, in the module of a layer's attention.</summary>
    public static (string Query, string Key) HeadNorms(ModelConfig config) =>
        config.Family == ModelFamily.HyV3 ? ("q_norm.weight", "k_norm.weight") : ("query_layernorm.weight", "key_layernorm.weight");

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
        IsOfPredictLayer(name, config) ||
        IsCopyInMtpLayer(name, config) ||
        (config.Quantization is not null && IsKvScale(name));

    /// <summary>Whether a tensor belongs to a layer behind the last one, which predicts further tokens and is not part of the model itself.</summary>
    public static bool IsOfPredictLayer(string name, ModelConfig config)
    {
        const string Prefix = "model.layers.";
        if (config.Family != ModelFamily.HyV3 || !name.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        ReadOnlySpan<char> rest = name.AsSpan(Prefix.Length);
        int dot = rest.IndexOf('.');
        return dot > 0 && int.TryParse(rest[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out int layer) && layer >= config.Layers;
    }

    /// <summary>The norm of the following token's embedding in the MTP layer.</summary>
    public static string MtpEmbeddingNorm(int layer) => Layer(layer) + "enorm.weight";

    /// <summary>The norm of the model's hidden state in the MTP layer.</summary>
    public static string MtpHiddenNorm(int layer) => Layer(layer) + "hnorm.weight";

    /// <summary>The projection of both to the residual stream of the MTP layer.</summary>
    public static string MtpProjection(int layer) => Layer(layer) + "eh_proj.weight";

    /// <summary>The last norm of the MTP layer.</summary>
    public static string MtpFinalNorm(int layer) => Layer(layer) + "final_layernorm.weight";

    // Embedding and head are the model's own, whether the file repeats them or not.
    private static bool IsCopyInMtpLayer(string name, ModelConfig config) => config.MtpLayer is int layer &&
        (name.StartsWith(Layer(layer) + "embed_tokens.", StringComparison.Ordinal) || name.StartsWith(Layer(layer) + "shared_head.", StringComparison.Ordinal));

    // Scales of an 8-bit cache. Quantised checkpoints contain them whatever the type of the cache is.
    private static bool IsKvScale(string name) =>
        name.EndsWith(".k_scale", StringComparison.Ordinal) ||
        name.EndsWith(".v_scale", StringComparison.Ordinal) ||
        name.EndsWith(".q_scale", StringComparison.Ordinal) ||
        name.EndsWith(".kv_scale", StringComparison.Ordinal) ||
        name.EndsWith(".output_scale", StringComparison.Ordinal);
}
