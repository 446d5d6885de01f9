namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>Writes config.json and generation_config.json of a random model with the fields of published models.</summary>
internal static class RandomModelConfig
{
    public static string Config(RandomModelOptions options) => IndentedJson.Write(json =>
    {
        bool experts = options.Experts > 1;
        json.WriteStartArray("architectures");
        json.WriteStringValue("HunYuanForCausalLM");
        json.WriteEndArray();
        json.WriteString("model_type", options.ModelType);
        json.WriteNumber("num_hidden_layers", options.Layers);
        json.WriteNumber("hidden_size", options.Hidden);
        json.WriteNumber("num_attention_heads", options.Heads);
        json.WriteNumber("num_key_value_heads", options.KvHeads);
        json.WriteNumber("head_dim", options.HeadDim);
        json.WriteNumber("intermediate_size", options.Intermediate);
        json.WriteNumber("num_experts", options.Experts);
        json.WriteNumber("moe_topk", options.TopK);
        json.WriteBoolean("use_mixed_mlp_moe", experts && options.SharedExperts > 0);
        json.WriteNumber("num_shared_expert", experts ? options.SharedExperts : 0);
        json.WriteBoolean("use_cla", options.ClaFactor != 1);
        json.WriteNumber("cla_share_factor", options.ClaFactor);
        json.WriteBoolean("use_qk_norm", options.QkNorm);
        json.WriteBoolean("attention_bias", options.AttentionBias);
        json.WriteBoolean("tie_word_embeddings", options.Tied);
        json.WriteNumber("vocab_size", options.Vocab);
        json.WriteNumber("max_position_embeddings", options.MaxPositions);
        json.WriteNumber("rms_norm_eps", 1e-5);
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
    });

    public static string Generation(RandomModelOptions options) => IndentedJson.Write(json =>
    {
        json.WriteStartArray("eos_token_id");
        json.WriteNumberValue(Eos(options));
        json.WriteEndArray();
        json.WriteBoolean("do_sample", true);
        json.WriteNumber("temperature", 0.7);
        json.WriteNumber("top_p", 0.6);
        json.WriteNumber("top_k", 20);
        json.WriteNumber("repetition_penalty", 1.05);
    });

    // generation_config needs an end id. The last id is used because the prompts of benchmarks start from low ids.
    private static int Eos(RandomModelOptions options) => options.Vocab - 1;
}
