using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>
/// What llama.cpp expects in a GGUF file of its architectures hunyuan-moe and hunyuan-dense: the metadata and the names of tensors.
/// </summary>
internal static class HunyuanLayout
{
    private static string Architecture(ModelConfig config) => config.Experts > 1 ? "hunyuan-moe" : "hunyuan-dense";

    /// <summary>Checks that llama.cpp can run a model.</summary>
    /// <exception cref="ModelException">It cannot; the message names the first feature that it lacks.</exception>
    public static void RequireSupported(ModelConfig config)
    {
        int[] layers = [.. Enumerable.Range(0, config.Layers)];
        string? lacking =
            config.ClaFactor != 1 ? $"cross-layer attention with cla_share_factor {config.ClaFactor}; allowed: 1" :
            config.HasExperts && config.FirstMoeLayer != 0 ? "layers without experts; allowed: experts in every layer, or in none" :
            !config.UseQkNorm ? "no norms of queries and keys; allowed: use_qk_norm true" :
            config.AttentionBias || config.MlpBias ? "biases; allowed: none" :
            config.Quantization is not null ? "quantised weights; allowed: BF16, F16 or F32" :
            config.HasExperts && layers.Any(layer => config.SharedExperts(layer) == 0) ? "layers without a shared expert; allowed: one or more" :
            layers.Any(layer => config.TopK(layer) != config.TopK(0) || config.IntermediateSize(layer) != config.IntermediateSize(0)
                || config.SharedExperts(layer) != config.SharedExperts(0)) ? "layers of different shapes; allowed: equal ones" :
            config.Rope.Scaling != RopeScaling.Alpha ? $"rotary scaling {config.Rope.Scaling}, whose frequencies are rounded; allowed: dynamic with an alpha" :
            null;
        if (lacking is not null)
        {
            throw new ModelException($"{config.Source}: llama.cpp's architecture {Architecture(config)} does not have {lacking}.");
        }
    }

    /// <summary>The metadata of a model.</summary>
    /// <param name="config">The model.</param>
    /// <param name="vocabulary">Its tokenizer; null for a file without a vocabulary, to which token ids are given directly.</param>
    public static GgufMetadata Metadata(ModelConfig config, GgufVocabulary? vocabulary = null)
    {
        GgufMetadata metadata = new();
        string architecture = Architecture(config);
        metadata.Add("general.architecture", architecture);
        metadata.Add("general.name", config.ModelType);
        if (vocabulary is null)
        {
            metadata.Add("tokenizer.ggml.model", "no_vocab");
        }
        else
        {
            vocabulary.AddTo(metadata, config);
        }

        Add("vocab_size", config.VocabSize);
        Add("context_length", config.MaxPositions);
        Add("block_count", config.Layers);
        Add("embedding_length", config.HiddenSize);
        Add("feed_forward_length", config.IntermediateSize(0));
        Add("attention.head_count", config.Heads);
        Add("attention.head_count_kv", config.KvHeads);
        Add("attention.key_length", config.HeadDim);
        Add("attention.value_length", config.HeadDim);
        Add("rope.dimension_count", config.HeadDim);
        if (config.HasExperts)
        {
            Add("expert_count", config.Experts);
            Add("expert_used_count", config.TopK(0));
            Add("expert_shared_count", config.SharedExperts(0));
            Add("expert_feed_forward_length", config.IntermediateSize(0));
            Add("expert_shared_feed_forward_length", config.SharedIntermediateSize(0));
        }

        metadata.Add($"{architecture}.attention.layer_norm_rms_epsilon", config.RmsNormEps);

        // llama.cpp does not know alpha: it stands for a larger base.
        double exponent = config.HeadDim / (config.HeadDim - 2.0);
        metadata.Add($"{architecture}.rope.freq_base", (float)(config.Rope.Theta * Math.Pow(config.Rope.Alpha, exponent)));
        metadata.Add($"{architecture}.rope.scaling.type", "none");
        return metadata;

        void Add(string key, int value) => metadata.Add($"{architecture}.{key}", value);
    }

    /// <summary>The tensors of a model.</summary>
    /// <param name="weights">The checkpoint's weights.</param>
    /// <param name="matrices">The type of the projections and experts. Norms and routers are float32, as in files of llama.cpp's own converter.</param>
    /// <param name="head">The type of the output projection.</param>
    /// <param name="embedding">The type of the embedding.</param>
    public static List<GgufTensor> Tensors(Weights weights, GgufType matrices, GgufType head, GgufType embedding)
    {
        List<GgufTensor> tensors =
        [
            GgufTensor.Matrix("token_embd.weight", embedding, weights.Embedding()),
            GgufTensor.Vector("output_norm.weight", weights.FinalNorm()),
            GgufTensor.Matrix("output.weight", head, weights.LmHead()),
        ];
        for (int layer = 0; layer < weights.Config.Layers; layer++)
        {
            tensors.AddRange(Layer(weights, layer, matrices));
        }

        return tensors;
    }

    private static IEnumerable<GgufTensor> Layer(Weights weights, int layer, GgufType type)
    {
        string prefix = $"blk.{layer}.";
        yield return GgufTensor.Vector(prefix + "attn_norm.weight", weights.InputNorm(layer));
        yield return GgufTensor.Matrix(prefix + "attn_q.weight", type, weights.Query(layer));
        yield return GgufTensor.Matrix(prefix + "attn_k.weight", type, weights.Key(layer));
        yield return GgufTensor.Matrix(prefix + "attn_v.weight", type, weights.Value(layer));
        yield return GgufTensor.Matrix(prefix + "attn_output.weight", type, weights.AttentionOutput(layer));
        yield return GgufTensor.Vector(prefix + "attn_q_norm.weight", weights.QueryNorm(layer)!);
        yield return GgufTensor.Vector(prefix + "attn_k_norm.weight", weights.KeyNorm(layer)!);
        yield return GgufTensor.Vector(prefix + "ffn_norm.weight", weights.PostAttentionNorm(layer));
        foreach (GgufTensor tensor in weights.Config.IsMoeLayer(layer) ? Experts(weights, layer, type, prefix) : Dense(weights, layer, type, prefix))
        {
            yield return tensor;
        }
    }

    private static IEnumerable<GgufTensor> Dense(Weights weights, int layer, GgufType type, string prefix)
    {
        MlpRows mlp = weights.Dense(layer);
        yield return GgufTensor.Matrix(prefix + "ffn_gate.weight", type, mlp.Gate);
        yield return GgufTensor.Matrix(prefix + "ffn_up.weight", type, mlp.Up);
        yield return GgufTensor.Matrix(prefix + "ffn_down.weight", type, mlp.Down);
    }

    private static IEnumerable<GgufTensor> Experts(Weights weights, int layer, GgufType type, string prefix)
    {
        MlpRows shared = weights.Shared(layer);
        MlpRows[] experts = [.. Enumerable.Range(0, weights.Config.Experts).Select(expert => weights.Expert(layer, expert))];
        yield return GgufTensor.Matrix(prefix + "ffn_gate_inp.weight", GgufType.F32, weights.RouterGate(layer));
        yield return GgufTensor.Stack(prefix + "ffn_gate_exps.weight", type, Array.ConvertAll(experts, static expert => expert.Gate));
        yield return GgufTensor.Stack(prefix + "ffn_up_exps.weight", type, Array.ConvertAll(experts, static expert => expert.Up));
        yield return GgufTensor.Stack(prefix + "ffn_down_exps.weight", type, Array.ConvertAll(experts, static expert => expert.Down));
        yield return GgufTensor.Matrix(prefix + "ffn_gate_shexp.weight", type, shared.Gate);
        yield return GgufTensor.Matrix(prefix + "ffn_up_shexp.weight", type, shared.Up);
        yield return GgufTensor.Matrix(prefix + "ffn_down_shexp.weight", type, shared.Down);
    }
}
