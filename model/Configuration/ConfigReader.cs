using System.Text.Json;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Configuration;

/// <summary>Turns config.json into a <see cref="ModelConfig"/>, checking each field and then the fields against each other.</summary>
internal static class ConfigReader
{
    // Far above any published model, and low enough that the total number of weights fits in a long.
    internal const int MaxLayers = 4096;
    internal const int MaxSize = 1 << 18;
    private const int MaxHeads = 1 << 14;
    internal const int MaxHeadDim = 1 << 12;
    internal const int MaxVocab = 1 << 24;
    internal const int MaxExperts = 1 << 12;
    internal const int MaxShared = 256;
    internal const int MaxContext = 1 << 28;

    private static readonly (string Name, ModelFamily Family)[] Families =
    [
        ("hunyuan", ModelFamily.Hunyuan),
        ("hunyuan_v1_moe", ModelFamily.HunyuanV1Moe),
        ("hunyuan_v1_dense", ModelFamily.HunyuanV1Dense),
        (HyV3Reader.ModelType, ModelFamily.HyV3),
    ];

    /// <param name="json">The content of config.json.</param>
    /// <param name="source">Its name in messages.</param>
    /// <param name="generationEos">End ids of generation_config.json.</param>
    /// <param name="directory">The model's folder, for files beside config.json that tell of its quantisation; null if there is none.</param>
    /// <param name="stored">How the checkpoint is quantised, if that is known otherwise; null to read it from <paramref name="json"/>.</param>
    public static ModelConfig Read(
        JsonElement json, string source, IReadOnlyList<int> generationEos, string? directory = null, QuantizationConfig? stored = null)
    {
        var fields = new JsonFields(json, source);
        TokenizerIds tokens = directory is null ? default : TokenizerIds.Read(directory);
        (string type, ModelFamily family) = ReadFamily(fields);
        if (family == ModelFamily.HyV3)
        {
            return HyV3Reader.Read(fields, source, generationEos, tokens, stored ?? QuantizationReader.Read(fields, source, directory));
        }

        UnsupportedFields.Check(fields);
        int layers = fields.Int("num_hidden_layers", 1, MaxLayers);
        int hidden = fields.Int("hidden_size", 1, MaxSize);
        (int heads, int kvHeads) = ReadHeads(fields);
        int headDim = ReadHeadDim(fields, hidden, heads);
        int vocab = fields.Int("vocab_size", 1, MaxVocab);
        int positions = fields.Int("max_position_embeddings", 1, MaxContext);
        int experts = ReadExperts(fields, family);
        int firstMoe = experts > 1 ? fields.Int("moe_layer_num_skipped", 0, layers, 0) : 0;

        ModelConfig config = new(
            ReadWidths(fields, layers, experts, firstMoe),
            ReadTopK(fields, layers, experts),
            ReadSharedExperts(fields, family, layers, experts))
        {
            Source = source,
            Family = family,
            ModelType = type,
            Layers = layers,
            HiddenSize = hidden,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            VocabSize = vocab,
            MaxPositions = positions,
            Experts = experts,
            FirstMoeLayer = firstMoe,
            ClaFactor = ReadClaFactor(fields, layers),

            // The v1 models in the transformers library always norm queries and keys, and their configs lack the field.
            UseQkNorm = fields.Flag("use_qk_norm", fallback: family != ModelFamily.Hunyuan),
            AttentionBias = fields.Flag("attention_bias", fallback: false),
            MlpBias = fields.Flag("mlp_bias", fallback: false),
            TieWordEmbeddings = fields.Flag("tie_word_embeddings", fallback: false),
            RmsNormEps = (float)fields.Number("rms_norm_eps", 1e-12, 1, 1e-5),
            Rope = RopeReader.Read(fields, source, headDim, positions),
            TorchDtype = fields.Text("torch_dtype") ?? fields.Text("dtype") ?? "bfloat16",
            Quantization = stored ?? QuantizationReader.Read(fields, source, directory),
            BosTokenId = tokens.Bos ?? fields.OptionalInt("bos_token_id", -1, int.MaxValue),
            PadTokenId = fields.OptionalInt("pad_token_id", -1, int.MaxValue),
            EosTokenIds = MergeEos(ReadEos(fields, vocab, tokens.Eos), generationEos),
        };
        QuantizationRules.Check(config);
        return config;
    }

    private static (string Name, ModelFamily Family) ReadFamily(in JsonFields fields)
    {
        string allowed = string.Join(", ", Families.Select(f => $"\"{f.Name}\""));
        string type = fields.Text("model_type") ?? throw fields.Missing("model_type", allowed);
        foreach ((string Name, ModelFamily Family) family in Families)
        {
            if (family.Name == type)
            {
                return family;
            }
        }

        throw fields.Invalid("model_type", $"\"{type}\"", allowed);
    }

    internal static (int Heads, int KvHeads) ReadHeads(in JsonFields fields)
    {
        int heads = fields.Int("num_attention_heads", 1, MaxHeads);
        int kvHeads = fields.Int("num_key_value_heads", 1, MaxHeads, heads);
        return heads % kvHeads == 0
            ? (heads, kvHeads)
            : throw fields.Invalid("num_key_value_heads", $"{kvHeads}", $"a divisor of num_attention_heads = {heads}");
    }

    private static int ReadHeadDim(in JsonFields fields, int hidden, int heads)
    {
        int? given = fields.OptionalInt("head_dim", 2, MaxHeadDim);
        int? alternative = fields.OptionalInt("attention_head_dim", 2, MaxHeadDim);
        if (given is not null && alternative is not null && given != alternative)
        {
            throw fields.Invalid("attention_head_dim", $"{alternative}", $"the same value as head_dim = {given}, or only one of the two");
        }

        int? stated = given ?? alternative;
        if (stated is null && hidden % heads != 0)
        {
            throw fields.Invalid("hidden_size", $"{hidden}", $"a multiple of num_attention_heads = {heads} where head_dim is not given");
        }

        int headDim = stated ?? (hidden / heads);
        if (headDim % 2 != 0)
        {
            throw fields.Invalid(
                stated is null ? "hidden_size" : given is null ? "attention_head_dim" : "head_dim",
                stated is null ? $"{hidden}, which makes heads of {headDim}" : $"{headDim}",
                "an even head width (rotary embedding rotates pairs)");
        }

        return headDim;
    }

    private static int ReadExperts(in JsonFields fields, ModelFamily family)
    {
        int[] experts = fields.IntOrList("num_experts", 1, MaxExperts) ?? [1];
        if (experts.Length == 0 || experts.AsSpan().ContainsAnyExcept(experts[0]))
        {
            throw fields.Invalid("num_experts", $"[{string.Join(", ", experts)}]", "a whole number, or a list whose entries are all equal");
        }

        return family == ModelFamily.HunyuanV1Dense && experts[0] != 1
            ? throw fields.Invalid("num_experts", $"{experts[0]}", "1 or absent where model_type is \"hunyuan_v1_dense\"")
            : experts[0];
    }

    // Experts use moe_intermediate_size if it is given. Layers without experts always use intermediate_size.
    private static int[] ReadWidths(in JsonFields fields, int layers, int experts, int firstMoe)
    {
        bool moe = experts > 1 && fields.Has("moe_intermediate_size");
        int[] expert = moe ? fields.PerLayer("moe_intermediate_size", layers, 1, MaxSize) : [];
        if (moe && firstMoe == 0)
        {
            return expert;
        }

        int[] widths = fields.PerLayer("intermediate_size", layers, 1, MaxSize);
        if (moe)
        {
            expert.AsSpan(firstMoe).CopyTo(widths.AsSpan(firstMoe));
        }

        return widths;
    }

    private static int[] ReadTopK(in JsonFields fields, int layers, int experts)
    {
        if (experts == 1)
        {
            return new int[layers];
        }

        int[] topK = fields.PerLayer("moe_topk", layers, 1, MaxExperts, 1);
        for (int layer = 0; layer < layers; layer++)
        {
            if (topK[layer] > experts)
            {
                throw fields.Invalid("moe_topk", $"{topK[layer]} (layer {layer})", $"1 to num_experts = {experts}");
            }
        }

        return topK;
    }

    private static int[] ReadSharedExperts(in JsonFields fields, ModelFamily family, int layers, int experts)
    {
        // The v1 MoE models in the transformers library always have a shared expert, and their configs lack the field.
        bool mixed = experts > 1 && fields.Flag("use_mixed_mlp_moe", fallback: family == ModelFamily.HunyuanV1Moe);
        return mixed ? fields.PerLayer("num_shared_expert", layers, 1, MaxShared, 1) : new int[layers];
    }

    private static int ReadClaFactor(in JsonFields fields, int layers)
    {
        if (!fields.Flag("use_cla", fallback: false))
        {
            return 1;
        }

        return fields.Int("cla_share_factor", 1, layers, 1);
    }

    // Ids of a config that lack the tokenizer's end are those of another tokenizer, and may be ordinary tokens here.
    internal static int[] ReadEos(in JsonFields fields, int vocab, int? tokenizer)
    {
        int[] config = fields.IntOrList("eos_token_id", 0, vocab - 1) ?? [];
        return tokenizer is { } id && id < vocab && !config.Contains(id) ? [id] : config;
    }

    internal static int[] MergeEos(int[] config, IReadOnlyList<int> generation) => [.. config.Concat(generation).Distinct().Order()];
}
