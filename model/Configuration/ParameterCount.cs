namespace HunyuanOrleans.Model.Configuration;

/// <summary>The number of weights in a model.</summary>
/// <param name="Total">All weights of the layers that the model runs; a tied embedding counts once.</param>
/// <param name="Active">The weights used for one token: all but those of the experts it is not routed to.</param>
public readonly record struct ParameterCount(long Total, long Active)
{
    internal static ParameterCount Of(ModelConfig config)
    {
        long hidden = config.HiddenSize;
        long embedding = config.VocabSize * hidden;
        long common = hidden + (config.TieWordEmbeddings ? embedding : 2 * embedding);
        long total = common;
        long active = common;
        for (int layer = 0; layer < config.Layers; layer++)
        {
            long dense = Attention(config, layer) + (2 * hidden);
            long mlp = Mlp(config, config.IntermediateSize(layer));
            if (!config.IsMoeLayer(layer))
            {
                total += dense + mlp;
                active += dense + mlp;
                continue;
            }

            dense += config.Experts * (hidden + (config.SigmoidRouter is { HasBias: true } ? 1 : 0));
            if (config.SharedExperts(layer) > 0)
            {
                dense += Mlp(config, config.SharedIntermediateSize(layer));
            }

            total += dense + (config.Experts * mlp);
            active += dense + (config.TopK(layer) * mlp);
        }

        long joining = config.MtpLayer is null ? 0 : (2 * hidden * hidden) + (3 * hidden);
        return new ParameterCount(total + joining, active + joining);
    }

    private static long Attention(ModelConfig config, int layer)
    {
        long hidden = config.HiddenSize;
        long rows = config.QuerySize + (config.IsSelfLayer(layer) ? 2L * config.KvSize : 0);
        long count = (rows + config.QuerySize) * hidden;
        count += config.AttentionBias ? rows + hidden : 0;
        return count + (config.UseQkNorm ? 2L * config.HeadDim : 0);
    }

    private static long Mlp(ModelConfig config, long width) =>
        (3 * width * config.HiddenSize) + (config.MlpBias ? (2 * width) + config.HiddenSize : 0);
}
