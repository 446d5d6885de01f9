using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Model.Adapters;

/// <summary>Lists the modules of a model that adapters may change, by name.</summary>
internal static class AdaptedPlaces
{
    /// <summary>All modules of a model.</summary>
    public static Dictionary<string, AdaptedPlace> Of(ModelConfig config)
    {
        Dictionary<string, AdaptedPlace> places = new(StringComparer.Ordinal);
        for (int layer = 0; layer < config.Layers; layer++)
        {
            AddAttention(places, config, layer);
            if (!config.IsMoeLayer(layer))
            {
                AddMlp(places, config, WeightNames.DenseMlp(layer), layer, -1, config.IntermediateSize(layer));
                continue;
            }

            if (config.SharedExperts(layer) > 0)
            {
                foreach (string prefix in WeightNames.SharedMlps(config, layer))
                {
                    AddMlp(places, config, prefix, layer, -1, config.SharedIntermediateSize(layer));
                }
            }

            for (int expert = 0; expert < config.Experts; expert++)
            {
                AddMlp(places, config, WeightNames.ExpertMlp(layer, expert), layer, expert, config.IntermediateSize(layer));
            }
        }

        return places;
    }

    /// <summary>Why a name is not among the modules, for a message.</summary>
    public static string WhyNot(ModelConfig config, string module)
    {
        for (int layer = 0; layer < config.Layers; layer++)
        {
            if (!config.IsSelfLayer(layer) && module.StartsWith(WeightNames.Attention(layer), StringComparison.Ordinal))
            {
                return $"layer {layer} takes keys and values from layer {layer / config.ClaFactor * config.ClaFactor} and has q_proj and o_proj only";
            }
        }

        return "q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj and down_proj of the model's layers";
    }

    private static void AddAttention(Dictionary<string, AdaptedPlace> places, ModelConfig config, int layer)
    {
        string prefix = WeightNames.Attention(layer);
        Add(places, prefix + "q_proj", layer, -1, AdaptedProjection.Query, config.QuerySize, config.HiddenSize);
        Add(places, prefix + "o_proj", layer, -1, AdaptedProjection.Output, config.HiddenSize, config.QuerySize);
        if (config.IsSelfLayer(layer))
        {
            Add(places, prefix + "k_proj", layer, -1, AdaptedProjection.Key, config.KvSize, config.HiddenSize);
            Add(places, prefix + "v_proj", layer, -1, AdaptedProjection.Value, config.KvSize, config.HiddenSize);
        }
    }

    private static void AddMlp(Dictionary<string, AdaptedPlace> places, ModelConfig config, string prefix, int layer, int expert, int width)
    {
        Add(places, prefix + "gate_proj", layer, expert, AdaptedProjection.Gate, width, config.HiddenSize);
        Add(places, prefix + "up_proj", layer, expert, AdaptedProjection.Up, width, config.HiddenSize);
        Add(places, prefix + "down_proj", layer, expert, AdaptedProjection.Down, config.HiddenSize, width);
    }

    private static void Add(
        Dictionary<string, AdaptedPlace> places, string name, int layer, int expert, AdaptedProjection projection, int outputs, int inputs) =>
        places.Add(name, new AdaptedPlace(name, layer, expert, projection, outputs, inputs));
}
