using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>The role of a tensor in the model.</summary>
public enum WeightRole
{
    /// <summary>Token embedding, one row for each token id.</summary>
    Embedding,

    /// <summary>Projection of the residual stream to logits.</summary>
    LmHead,

    /// <summary>Weight of a norm over the residual stream.</summary>
    Norm,

    /// <summary>Weight of a norm over one head of the queries or keys.</summary>
    HeadNorm,

    /// <summary>Query and key projections.</summary>
    QueryKey,

    /// <summary>Value projection.</summary>
    Value,

    /// <summary>Projection of the heads back to the residual stream.</summary>
    AttentionOutput,

    /// <summary>Router, which scores the experts.</summary>
    Router,

    /// <summary>Gate and up projections of an MLP.</summary>
    GateUp,

    /// <summary>Down projection of an MLP.</summary>
    Down,

    /// <summary>Any bias.</summary>
    Bias,
}

/// <summary>A tensor that a model needs.</summary>
/// <param name="Name">The tensor's name in published checkpoints.</param>
/// <param name="Shape">[rows, columns], or [length].</param>
/// <param name="Role">The tensor's role in the model.</param>
public sealed record ExpectedTensor(string Name, long[] Shape, WeightRole Role)
{
    /// <summary>Number of elements.</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, size) => product * size);
}

/// <summary>Lists the tensors of a model from its config, under the names of separate, not packed, tensors.</summary>
public static class CheckpointSchema
{
    /// <summary>Lists all tensors in the order of the forward pass.</summary>
    public static IEnumerable<ExpectedTensor> Tensors(ModelConfig config)
    {
        long hidden = config.HiddenSize;
        yield return new(WeightNames.Embedding, [config.VocabSize, hidden], WeightRole.Embedding);
        for (int layer = 0; layer < config.Layers; layer++)
        {
            foreach (ExpectedTensor tensor in Attention(config, layer).Concat(Mlps(config, layer)))
            {
                yield return tensor;
            }
        }

        if (config.MtpLayer is int mtp)
        {
            yield return new(WeightNames.MtpEmbeddingNorm(mtp), [hidden], WeightRole.Norm);
            yield return new(WeightNames.MtpHiddenNorm(mtp), [hidden], WeightRole.Norm);
            yield return new(WeightNames.MtpProjection(mtp), [hidden, 2 * hidden], WeightRole.GateUp);
            yield return new(WeightNames.MtpFinalNorm(mtp), [hidden], WeightRole.Norm);
        }

        yield return new(WeightNames.FinalNorm, [hidden], WeightRole.Norm);
        if (!config.TieWordEmbeddings)
        {
            yield return new(WeightNames.LmHead, [config.VocabSize, hidden], WeightRole.LmHead);
        }
    }

    private static IEnumerable<ExpectedTensor> Attention(ModelConfig config, int layer)
    {
        string prefix = WeightNames.Attention(layer);
        long hidden = config.HiddenSize;
        yield return new(WeightNames.Layer(layer) + "input_layernorm.weight", [hidden], WeightRole.Norm);
        var projections = new List<(string Name, long Rows, long Columns, WeightRole Role)>
        {
            ("q_proj", config.QuerySize, hidden, WeightRole.QueryKey),
        };
        if (config.IsSelfLayer(layer))
        {
            projections.Add(("k_proj", config.KvSize, hidden, WeightRole.QueryKey));
            projections.Add(("v_proj", config.KvSize, hidden, WeightRole.Value));
        }

        projections.Add(("o_proj", hidden, config.QuerySize, WeightRole.AttentionOutput));
        foreach ((string name, long rows, long columns, WeightRole role) in projections)
        {
            yield return new($"{prefix}{name}.weight", [rows, columns], role);
            if (config.AttentionBias)
            {
                yield return new($"{prefix}{name}.bias", [rows], WeightRole.Bias);
            }
        }

        if (config.UseQkNorm)
        {
            (string query, string key) = WeightNames.HeadNorms(config);
            yield return new(prefix + query, [config.HeadDim], WeightRole.HeadNorm);
            yield return new(prefix + key, [config.HeadDim], WeightRole.HeadNorm);
        }

        yield return new(WeightNames.Layer(layer) + "post_attention_layernorm.weight", [hidden], WeightRole.Norm);
    }

    private static IEnumerable<ExpectedTensor> Mlps(ModelConfig config, int layer)
    {
        if (!config.IsMoeLayer(layer))
        {
            return Mlp(config, WeightNames.DenseMlp(layer), config.IntermediateSize(layer));
        }

        IEnumerable<ExpectedTensor> tensors =
            [new ExpectedTensor(WeightNames.RouterGates(config, layer)[0], [config.Experts, config.HiddenSize], WeightRole.Router)];
        if (config.SigmoidRouter is { HasBias: true })
        {
            tensors = tensors.Append(new ExpectedTensor(WeightNames.ExpertBiases(layer)[0], [config.Experts], WeightRole.Bias));
        }

        if (config.SharedExperts(layer) > 0)
        {
            tensors = tensors.Concat(Mlp(config, WeightNames.SharedMlp(layer), config.SharedIntermediateSize(layer)));
        }

        return tensors.Concat(Enumerable.Range(0, config.Experts).SelectMany(
            expert => Mlp(config, WeightNames.ExpertMlp(layer, expert), config.IntermediateSize(layer))));
    }

    private static IEnumerable<ExpectedTensor> Mlp(ModelConfig config, string prefix, long width)
    {
        long hidden = config.HiddenSize;
        yield return new(prefix + "gate_proj.weight", [width, hidden], WeightRole.GateUp);
        yield return new(prefix + "up_proj.weight", [width, hidden], WeightRole.GateUp);
        yield return new(prefix + "down_proj.weight", [hidden, width], WeightRole.Down);
        if (config.MlpBias)
        {
            yield return new(prefix + "gate_proj.bias", [width], WeightRole.Bias);
            yield return new(prefix + "up_proj.bias", [width], WeightRole.Bias);
            yield return new(prefix + "down_proj.bias", [hidden], WeightRole.Bias);
        }
    }
}
