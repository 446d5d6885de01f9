using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>
/// Mean and standard deviation of random weights by role, chosen so that a random model behaves like a trained one: logits with a
/// deviation of about 2, a residual stream of stable size, attention that prefers some positions, and a router that uses all experts.
/// </summary>
internal static class RandomWeightDistribution
{
    private const double LogitDeviation = 2;

    // Deviation of the residual stream after the last layer. It is well above that of a tied embedding; otherwise every prediction would be
    // the input token itself.
    private const double FinalResidual = 2;

    // Deviation of router logits: clear preferences, but far from one-hot.
    private const double RouterDeviation = 2;

    // Deviation of queries and of keys. Attention scores have its square as deviation.
    private const double HeadGain = 1.4;

    private const double NormSpread = 0.1;

    // sqrt(E[(silu(g) u)^2]) for independent standard normal g and u.
    private const double SiluGain = 0.596;

    public static (float Mean, float Deviation) Of(ExpectedTensor tensor, ModelConfig config)
    {
        double input = 1 / Math.Sqrt(tensor.Shape[^1]);

        // Attention and MLP of each layer add equal parts to the variance of the residual stream.
        double update = FinalResidual / Math.Sqrt(2.0 * config.Layers);
        (double mean, double deviation) = tensor.Role switch
        {
            WeightRole.Embedding => (0, config.TieWordEmbeddings ? LogitDeviation * input : 1),
            WeightRole.LmHead => (0, LogitDeviation * input),
            WeightRole.Norm => (1, NormSpread),
            WeightRole.HeadNorm => (HeadGain, HeadGain * NormSpread),
            WeightRole.QueryKey => (0, config.UseQkNorm ? input : HeadGain * input),
            WeightRole.Value => (0, input),
            WeightRole.AttentionOutput => (0, update * input),
            WeightRole.Router => (0, RouterDeviation * input),
            WeightRole.GateUp => (0, input),
            WeightRole.Down => (0, update * input / SiluGain),
            _ => (0.0, 0.1),
        };
        return ((float)mean, (float)deviation);
    }
}
