using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// Checks a quantization_config against its model: matrices that are computed as one must have the same scheme, and so must all routed experts of a
/// layer. Routers are never quantised, whether a list of modules has them or not.
/// </summary>
internal static class QuantizationRules
{
    public static void Check(ModelConfig config)
    {
        if (config.Quantization is not { } stored)
        {
            return;
        }

        for (int layer = 0; layer < config.Layers; layer++)
        {
            CheckLayer(config, stored, layer);
        }
    }

    private static void CheckLayer(ModelConfig config, QuantizationConfig stored, int layer)
    {
        string attention = WeightNames.Attention(layer);
        if (config.IsSelfLayer(layer))
        {
            RequireSame(config, stored, attention + "q_proj", attention + "k_proj", attention + "v_proj");
        }

        if (!config.IsMoeLayer(layer))
        {
            RequireSameGateAndUp(config, stored, WeightNames.DenseMlp(layer));
            return;
        }

        if (config.SharedExperts(layer) > 0)
        {
            RequireSameGateAndUp(config, stored, WeightNames.SharedMlp(layer));
        }

        string first = WeightNames.ExpertMlp(layer, 0);
        for (int expert = 0; expert < config.Experts; expert++)
        {
            string prefix = WeightNames.ExpertMlp(layer, expert);
            RequireSame(config, stored, first + "gate_proj", prefix + "gate_proj", prefix + "up_proj");
            RequireSame(config, stored, first + "down_proj", prefix + "down_proj");
        }
    }

    private static void RequireSameGateAndUp(ModelConfig config, QuantizationConfig stored, string prefix) =>
        RequireSame(config, stored, prefix + "gate_proj", prefix + "up_proj");

    private static void RequireSame(ModelConfig config, QuantizationConfig stored, string first, params ReadOnlySpan<string> others)
    {
        WeightScheme? scheme = stored.SchemeOf(first);
        foreach (string other in others)
        {
            WeightScheme? found = stored.SchemeOf(other);
            if (found != scheme)
            {
                throw new ModelException(
                    $"{config.Source}: \"{stored.IgnoredField}\" and the groups store \"{first}\" as {Show(scheme)} and \"{other}\" as {Show(found)}; " +
                    "allowed: both alike, as they are computed together.");
            }
        }
    }

    private static string Show(WeightScheme? scheme) => scheme is null ? "not quantised" : $"{scheme.Type} ({scheme.Scales})";
}
