using System.Text.Json;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Configuration;

/// <summary>
/// Reads the config of a model of type "hy_v3", whose fields have other names and defaults than those of the earlier families. Where the published
/// implementations read different fields for one thing, all of them are accepted and must agree.
/// </summary>
internal static class HyV3Reader
{
    public const string ModelType = "hy_v3";

    // The values of the transformers library for fields that are absent.
    private const int DefaultHeadDim = 128;
    // The base is 10000 * 1000^(128/126), in which the scaling of the earlier families is included.
    internal const double DefaultTheta = 11158840;
    internal const double DefaultScale = 2.826;
    private const double MaxScale = 1e6;
    private const int MaxPredictLayers = 16;

    public static ModelConfig Read(
        JsonFields fields, string source, IReadOnlyList<int> generationEos, TokenizerIds tokens, QuantizationConfig? quantization)
    {
        CheckUnsupported(fields);
        int layers = fields.Int("num_hidden_layers", 1, ConfigReader.MaxLayers);
        int hidden = fields.Int("hidden_size", 1, ConfigReader.MaxSize);
        (int heads, int kvHeads) = ConfigReader.ReadHeads(fields);
        int headDim = fields.Int("head_dim", 2, ConfigReader.MaxHeadDim, DefaultHeadDim);
        if (headDim % 2 != 0)
        {
            throw fields.Invalid("head_dim", $"{headDim}", "an even head width (rotary embedding rotates pairs)");
        }

        int vocab = fields.Int("vocab_size", 1, ConfigReader.MaxVocab);
        int positions = fields.Int("max_position_embeddings", 1, ConfigReader.MaxContext);
        int experts = Same(fields, "num_experts", "num_local_experts", 2, ConfigReader.MaxExperts);
        int topK = fields.Int("num_experts_per_tok", 1, ConfigReader.MaxExperts);
        if (topK > experts)
        {
            throw fields.Invalid("num_experts_per_tok", $"{topK}", $"1 to num_experts = {experts}");
        }

        int firstMoe = ReadDenseLayers(fields, layers);
        int predicting = fields.Int("num_nextn_predict_layers", 0, MaxPredictLayers, 0);

        // The lists have an entry for the first of the layers that predict further tokens: it is like the last layer.
        int entries = layers + (predicting > 0 ? 1 : 0);
        int[] widths = new int[firstMoe < layers ? entries : layers];
        Array.Fill(widths, firstMoe < layers ? Same(fields, "moe_intermediate_size", "expert_hidden_dim", 1, ConfigReader.MaxSize) : 0);
        widths.AsSpan(0, firstMoe).Fill(firstMoe > 0 ? fields.Int("intermediate_size", 1, ConfigReader.MaxSize) : 0);
        ModelConfig config = new(
            widths, Repeat(topK, entries), Repeat(fields.Int("num_shared_experts", 0, ConfigReader.MaxShared, 1), entries))
        {
            Source = source,
            Family = ModelFamily.HyV3,
            ModelType = ModelType,
            Layers = layers,
            HiddenSize = hidden,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            VocabSize = vocab,
            MaxPositions = positions,
            Experts = experts,
            FirstMoeLayer = firstMoe,
            ClaFactor = 1,
            UseQkNorm = fields.Flag("qk_norm", fallback: true),
            AttentionBias = fields.Flag("attention_bias", fallback: false),
            MlpBias = fields.Flag("mlp_bias", fallback: false),
            TieWordEmbeddings = fields.Flag("tie_word_embeddings", fallback: false),
            RmsNormEps = (float)fields.Number("rms_norm_eps", 1e-12, 1, 1e-5),
            Rope = ReadRope(fields, source, headDim, positions),
            TorchDtype = fields.Text("torch_dtype") ?? fields.Text("dtype") ?? "bfloat16",
            Quantization = quantization,
            BosTokenId = tokens.Bos ?? fields.OptionalInt("bos_token_id", -1, int.MaxValue),
            PadTokenId = fields.OptionalInt("pad_token_id", -1, int.MaxValue),
            EosTokenIds = ConfigReader.MergeEos(ConfigReader.ReadEos(fields, vocab, tokens.Eos), generationEos),
            SigmoidRouter = new SigmoidRouterSettings(
                fields.Flag("moe_router_enable_expert_bias", fallback: true),
                fields.Flag("route_norm", fallback: true),
                (float)fields.Number("router_scaling_factor", 0, MaxScale, DefaultScale)),
            PredictLayers = predicting,
        };
        QuantizationRules.Check(config);
        return config;
    }

    private static void CheckUnsupported(in JsonFields fields)
    {
        if (fields.Text("hidden_act") is { } act && act != "silu")
        {
            throw fields.Invalid("hidden_act", $"\"{act}\"", "\"silu\"");
        }

        if (!fields.Flag("moe_router_use_sigmoid", fallback: true))
        {
            throw fields.Invalid("moe_router_use_sigmoid", "false", "true or absent");
        }
    }

    // vLLM reads first_k_dense_replace; transformers reads mlp_layer_types, and without it takes one dense layer.
    private static int ReadDenseLayers(in JsonFields fields, int layers)
    {
        int? stated = fields.OptionalInt("first_k_dense_replace", 0, layers);
        if (!fields.TryGet("mlp_layer_types", out JsonElement types))
        {
            return stated ?? 1;
        }

        const string Allowed = "a list with \"dense\" for the first layers and \"sparse\" for the others, one entry per layer, in agreement with first_k_dense_replace";
        int dense = 0;
        bool isValid = types.ValueKind == JsonValueKind.Array && types.GetArrayLength() == layers;
        for (int layer = 0; isValid && layer < layers; layer++)
        {
            string? type = types[layer].ValueKind == JsonValueKind.String ? types[layer].GetString() : null;
            isValid = type == "sparse" || (type == "dense" && dense == layer);
            dense += type == "dense" ? 1 : 0;
        }

        return isValid && dense == (stated ?? dense) ? dense : throw fields.Invalid("mlp_layer_types", types, Allowed);
    }

    private static RopeSettings ReadRope(in JsonFields fields, string source, int headDim, int positions)
    {
        RopeSettings rope = RopeReader.Read(fields, source, headDim, positions, DefaultTheta);
        return rope.Scaling == RopeScaling.None
            ? rope
            : throw fields.Invalid(fields.Has("rope_parameters") ? "rope_parameters" : "rope_scaling", $"of type {rope.Scaling}", "rope_type \"default\"");
    }

    // A field with two names: at least one is given, and they agree.
    private static int Same(in JsonFields fields, string name, string other, int min, int max)
    {
        int? second = fields.OptionalInt(other, min, max);
        int first = fields.Int(name, min, max, second);
        return second is null || second == first
            ? first
            : throw fields.Invalid(other, $"{second}", $"the same value as {name} = {first}, or only one of the two");
    }

    private static int[] Repeat(int value, int count)
    {
        int[] list = new int[count];
        Array.Fill(list, value);
        return list;
    }
}
