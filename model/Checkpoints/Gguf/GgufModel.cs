using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Gguf;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>Reads the config of a model from the metadata of its GGUF file.</summary>
internal static class GgufModel
{
    private const string MoeArchitecture = "hunyuan-moe", DenseArchitecture = "hunyuan-dense";

    /// <summary>Reads the header of a file, or finds that a path is none.</summary>
    /// <exception cref="ModelException">The file is damaged, or the path stands for several.</exception>
    public static GgufHeader? Find(string path) => Guard(path, () => GgufFiles.Find(path) is { } file ? GgufHeader.Read(file) : null);

    /// <summary>All files of a model, the first of which has the metadata.</summary>
    public static IReadOnlyList<string> Files(string first) => Guard(first, () => GgufFiles.All(first));

    /// <summary>Runs a read of the format, whose errors become those of models.</summary>
    public static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException e)
        {
            throw new ModelException(e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The config.</summary>
    /// <exception cref="ModelException">A key is missing or invalid.</exception>
    public static ModelConfig Config(GgufHeader header, IReadOnlyCollection<TensorView> tensors)
    {
        using JsonDocument json = JsonDocument.Parse(ConfigJson(header, tensors).ToJsonString());
        return ConfigReader.Read(json.RootElement, header.Path, Eos(header), directory: null, GgufSchemes.Of(header.Path, tensors));
    }

    /// <summary>The end ids of the vocabulary.</summary>
    public static int[] Eos(GgufHeader header) => Guard(header.Path, () =>
    {
        IEnumerable<long?> ids = new[] { "eos_token_id", "eot_token_id", "eom_token_id" }.Select(key => header.Integer("tokenizer.ggml." + key));
        return ids.Where(static id => id is >= 0 and <= int.MaxValue).Select(static id => (int)id!).Distinct().ToArray();
    });

    /// <summary>The metadata as config.json would have it.</summary>
    public static JsonObject ConfigJson(GgufHeader header, IReadOnlyCollection<TensorView> tensors) => Guard(header.Path, () =>
    {
        string architecture = header.Text("general.architecture") ?? "";
        if (architecture is not (MoeArchitecture or DenseArchitecture))
        {
            throw new ModelException($"{header.Path}: general.architecture is \"{architecture}\"; allowed: \"{MoeArchitecture}\" and \"{DenseArchitecture}\".");
        }

        string Key(string name) => $"{architecture}.{name}";
        JsonArray? List(string name) => header.Integers(Key(name)) is { } all ? [.. all.Select(static n => (JsonNode)n)] : null;
        JsonNode? PerLayer(string name) => List(name) is { } list ? list.Count == 1 ? list[0]!.DeepClone() : list : null;
        if (header.Text(Key("rope.scaling.type")) is { } scaling && scaling != "none")
        {
            throw new ModelException($"{header.Path}: {Key("rope.scaling.type")} is \"{scaling}\"; allowed: \"none\" or absent.");
        }

        bool moe = architecture == MoeArchitecture;
        TensorView? embedding = tensors.FirstOrDefault(static t => t.Name == WeightNames.Embedding);
        JsonObject config = new()
        {
            ["architectures"] = new JsonArray(moe ? "HunYuanMoEV1ForCausalLM" : "HunYuanDenseV1ForCausalLM"),
            ["model_type"] = moe ? "hunyuan_v1_moe" : "hunyuan_v1_dense",
            ["num_hidden_layers"] = header.Integer(Key("block_count")),
            ["hidden_size"] = header.Integer(Key("embedding_length")),
            ["num_attention_heads"] = PerLayer("attention.head_count"),
            ["num_key_value_heads"] = PerLayer("attention.head_count_kv"),
            ["head_dim"] = header.Integer(Key("attention.key_length")),
            ["intermediate_size"] = PerLayer("feed_forward_length"),
            ["max_position_embeddings"] = header.Integer(Key("context_length")),
            ["vocab_size"] = embedding is { Shape.Length: 2 } ? embedding.Shape[0] : header.Integer(Key("vocab_size")),
            ["rms_norm_eps"] = header.Number(Key("attention.layer_norm_rms_epsilon")),
            ["rope_theta"] = header.Number(Key("rope.freq_base")) ?? 10000,

            // The base includes any alpha. An alpha of 1 keeps frequencies as they are, in float32.
            ["rope_scaling"] = new JsonObject { ["type"] = "dynamic", ["alpha"] = 1.0, ["factor"] = 1.0 },
            ["tie_word_embeddings"] = !tensors.Any(static t => t.Name == WeightNames.LmHead),
            ["attention_bias"] = tensors.Any(static t => t.Name == WeightNames.Attention(0) + "q_proj.bias"),
            ["use_qk_norm"] = tensors.Any(static t => t.Name == WeightNames.Attention(0) + "query_layernorm.weight"),
            ["bos_token_id"] = header.Integer("tokenizer.ggml.bos_token_id"),
            ["pad_token_id"] = header.Integer("tokenizer.ggml.padding_token_id"),
            ["eos_token_id"] = new JsonArray([.. Eos(header).Select(static id => (JsonNode)id)]),
            ["hidden_act"] = "silu",
            ["torch_dtype"] = "bfloat16",
        };
        if (moe)
        {
            AddExperts(config, header, Key, PerLayer);
        }

        return config;
    });

    private static void AddExperts(JsonObject config, GgufHeader header, Func<string, string> key, Func<string, JsonNode?> perLayer)
    {
        long width = header.Integer(key("expert_feed_forward_length")) ?? header.Integer(key("feed_forward_length")) ?? 0;
        long shared = header.Integer(key("expert_shared_feed_forward_length")) ?? 0;
        config["num_experts"] = header.Integer(key("expert_count"));
        config["moe_topk"] = perLayer("expert_used_count");
        config["moe_intermediate_size"] = width;
        config["num_shared_expert"] = header.Integer(key("expert_shared_count")) is > 0 and { } count ? count : width > 0 && shared > 0 ? shared / width : 1;
        config["use_mixed_mlp_moe"] = true;
    }
}
