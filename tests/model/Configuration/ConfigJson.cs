using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Tests.Configuration;

/// <summary>Published configs as test data, optionally with changed fields.</summary>
internal static class ConfigJson
{
    public const string Large = """
        {"model_type": "hunyuan", "num_hidden_layers": 64, "hidden_size": 6400, "num_attention_heads": 80, "num_key_value_heads": 8,
         "intermediate_size": 18304, "num_experts": 16, "moe_topk": 1, "num_shared_expert": 1, "use_mixed_mlp_moe": true,
         "use_cla": true, "cla_share_factor": 2, "use_qk_norm": true, "rope_theta": 10000.0,
         "rope_scaling": {"alpha": 1000.0, "factor": 1.0, "type": "dynamic"}, "max_position_embeddings": 131072,
         "vocab_size": 128512, "tie_word_embeddings": true, "rms_norm_eps": 1e-05, "attention_bias": false, "hidden_act": "silu",
         "eos_token_id": 127960, "torch_dtype": "bfloat16"}
        """;

    public const string A13B = """
        {"model_type": "hunyuan_v1_moe", "num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32,
         "num_key_value_heads": 8, "attention_head_dim": 128, "head_dim": 128, "intermediate_size": 3072,
         "moe_intermediate_size": [3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072,
                                   3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072, 3072],
         "num_experts": 64, "moe_topk": [8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8],
         "num_shared_expert": 1, "use_mixed_mlp_moe": true, "use_cla": false, "cla_share_factor": 2, "use_qk_norm": true,
         "norm_topk_prob": true, "routed_scaling_factor": 1.0, "use_mla": false, "group_limited_greedy": false,
         "moe_layer_num_skipped": 0, "mlp_bias": false, "attention_bias": false, "rope_theta": 10000.0,
         "rope_scaling": {"alpha": 1000.0, "beta_fast": 32, "beta_slow": 1, "factor": 1.0, "mscale": 1.0, "mscale_all_dim": 1.0,
                          "type": "dynamic"},
         "max_position_embeddings": 32768, "vocab_size": 128167, "tie_word_embeddings": true, "rms_norm_eps": 1e-05,
         "hidden_act": "silu", "eos_token_id": 127960, "pad_token_id": 127961, "bos_token_id": 1, "torch_dtype": "bfloat16"}
        """;

    /// <summary>Parses with fields replaced ("name", JSON text; null removes the field).</summary>
    public static ModelConfig Parse(string json, params (string Name, string? Value)[] changes)
    {
        JsonObject root = JsonNode.Parse(json)!.AsObject();
        foreach ((string name, string? value) in changes)
        {
            root.Remove(name);
            if (value is not null)
            {
                root.Add(name, JsonNode.Parse(value));
            }
        }

        using JsonDocument document = JsonDocument.Parse(root.ToJsonString());
        return ModelConfig.Parse(document.RootElement, "config.json");
    }
}
