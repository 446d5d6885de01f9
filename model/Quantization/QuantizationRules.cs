using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// Checks a quantization_config against its model: matrices that are computed as one must have the same scheme, all routed experts of a
/// layer must have the same scheme, and routers must not be quantised.
/// </summary>
internal static class QuantizationRules
{
    public static void Check(ModelConfig config)
    {
        if (config.Quantization is not { } stored)
        {
            return;
        }

        if (stored.Method == QuantizationReader.AutoFp8 && !config.TieWordEmbeddings && stored.Targets("lm_head"))
        {
            throw MissingInIgnoreList(config, stored, "lm_head");
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

        // Published fp8 files of hy_v3 do not list routers, although routers have no scales. A router that is quantised is refused when it is read.
        string router = WeightNames.Module(WeightNames.RouterGates(config, layer)[0]);
        if (config.Family != ModelFamily.HyV3 && stored.Targets(router))
        {
            throw MissingInIgnoreList(config, stored, router);
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

    private static ModelException MissingInIgnoreList(ModelConfig config, QuantizationConfig stored, string module) => new(
        $"{config.Source}: \"{stored.IgnoredField}\" lacks \"{module}\"; allowed: a list with every router (mlp.gate.wg) and, unless it is tied, lm_head.");
}
