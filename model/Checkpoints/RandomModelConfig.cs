using System.Text.Json;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>Writes config.json and generation_config.json of a random model with the fields of published models.</summary>
internal static class RandomModelConfig
{
    /// <summary>The text of config.json.</summary>
    /// <exception cref="ModelException">The options do not fit the model's type.</exception>
    public static string Config(RandomModelOptions options) => options.ModelType == HyV3Reader.ModelType ? HyV3(options) : Hunyuan(options);

    private static string Hunyuan(RandomModelOptions options) => options.PredictLayers > 0
        ? throw new ModelException(
            $"MTP layers: {options.PredictLayers}; allowed: 0 in a model of type {options.ModelType}, as only type {HyV3Reader.ModelType} has them.")
        : IndentedJson.Write(json => WriteHunyuan(json, options));

    private static void WriteHunyuan(Utf8JsonWriter json, RandomModelOptions options)
    {
        bool experts = options.Experts > 1;
        WriteShape(json, options, "HunYuanForCausalLM");
        json.WriteNumber("intermediate_size", options.DenseLayers > 0 ? options.DenseIntermediate : options.Intermediate);
        if (options.DenseLayers > 0)
        {
            json.WriteNumber("moe_layer_num_skipped", options.DenseLayers);
            json.WriteNumber("moe_intermediate_size", options.Intermediate);
        }

        json.WriteNumber("num_experts", options.Experts);
        json.WriteNumber("moe_topk", options.TopK);
        json.WriteBoolean("use_mixed_mlp_moe", experts && options.SharedExperts > 0);
        json.WriteNumber("num_shared_expert", experts ? options.SharedExperts : 0);
        json.WriteBoolean("use_cla", options.ClaFactor != 1);
        json.WriteNumber("cla_share_factor", options.ClaFactor);
        json.WriteBoolean("use_qk_norm", options.QkNorm);
        json.WriteNumber("rope_theta", 10000.0);
        if (options.RopeAlpha == 0)
        {
            json.WriteNull("rope_scaling");
        }
        else
        {
            json.WriteStartObject("rope_scaling");
            json.WriteString("type", "dynamic");
            json.WriteNumber("factor", 1.0);
            json.WriteNumber("alpha", options.RopeAlpha);
            json.WriteEndObject();
        }

        json.WriteString("hidden_act", "silu");
        json.WriteNumber("eos_token_id", Eos(options));
        json.WriteString("torch_dtype", "bfloat16");
    }

    private static string HyV3(RandomModelOptions options)
    {
        if (options.ClaFactor != 1)
        {
            throw new ModelException($"The CLA factor is {options.ClaFactor}; allowed: 1 in a model of type {HyV3Reader.ModelType}.");
        }

        return IndentedJson.Write(json =>
        {
            WriteShape(json, options, "HYV3ForCausalLM");
            json.WriteNumber("intermediate_size", options.DenseIntermediate);
            json.WriteNumber("moe_intermediate_size", options.Intermediate);
            json.WriteNumber("expert_hidden_dim", options.Intermediate);
            json.WriteNumber("num_experts", options.Experts);
            json.WriteNumber("num_experts_per_tok", options.TopK);
            json.WriteNumber("num_shared_experts", options.SharedExperts);
            json.WriteNumber("first_k_dense_replace", options.DenseLayers);
            json.WriteNumber("router_scaling_factor", HyV3Reader.DefaultScale);
            json.WriteBoolean("route_norm", true);
            json.WriteBoolean("moe_router_use_sigmoid", true);
            json.WriteBoolean("moe_router_enable_expert_bias", true);
            json.WriteBoolean("qk_norm", options.QkNorm);
            json.WriteStartObject("rope_parameters");
            json.WriteNumber("rope_theta", HyV3Reader.DefaultTheta);
            json.WriteString("rope_type", "default");
            json.WriteEndObject();
            json.WriteNumber("num_nextn_predict_layers", options.PredictLayers);
            json.WriteString("hidden_act", "silu");
            json.WriteNumber("eos_token_id", Eos(options));
            json.WriteString("dtype", "bfloat16");
        });
    }

    // What both types of config call by the same name.
    private static void WriteShape(Utf8JsonWriter json, RandomModelOptions options, string architecture)
    {
        json.WriteStartArray("architectures");
        json.WriteStringValue(architecture);
        json.WriteEndArray();
        json.WriteString("model_type", options.ModelType);
        json.WriteNumber("num_hidden_layers", options.Layers);
        json.WriteNumber("hidden_size", options.Hidden);
        json.WriteNumber("num_attention_heads", options.Heads);
        json.WriteNumber("num_key_value_heads", options.KvHeads);
        json.WriteNumber("head_dim", options.HeadDim);
        json.WriteBoolean("attention_bias", options.AttentionBias);
        json.WriteBoolean("tie_word_embeddings", options.Tied);
        json.WriteNumber("vocab_size", options.Vocab);
        json.WriteNumber("max_position_embeddings", options.MaxPositions);
        json.WriteNumber("rms_norm_eps", 1e-5);
    }

    public static string Generation(RandomModelOptions options) => IndentedJson.Write(json =>
    {
        json.WriteStartArray("eos_token_id");
        json.WriteNumberValue(Eos(options));
        json.WriteEndArray();
        json.WriteBoolean("do_sample", true);
        GenerationDefaults published = options.ModelType == HyV3Reader.ModelType ? GenerationDefaults.PublishedHyV3 : GenerationDefaults.Published;
        json.WriteNumber("temperature", published.Temperature);
        json.WriteNumber("top_p", published.TopP);
        json.WriteNumber("top_k", published.TopK);
        json.WriteNumber("repetition_penalty", published.RepetitionPenalty);
    });

    // generation_config needs an end id. The last id is used because the prompts of benchmarks start from low ids.
    private static int Eos(RandomModelOptions options) => options.Vocab - 1;
}
