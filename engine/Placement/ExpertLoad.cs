using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>Number of tokens that routers have sent to each expert.</summary>
/// <param name="counts">[layer][expert]; the entry of a layer without experts is ignored.</param>
public sealed class ExpertLoad(IReadOnlyList<IReadOnlyList<long>> counts)
{
    /// <summary>Number of tokens sent to one expert.</summary>
    public long Count(int layer, int expert) => counts[layer][expert];

    /// <summary>Checks that there is a count for every expert of a model.</summary>
    /// <exception cref="ModelException">The counts do not match the model, or one is negative.</exception>
    public void Validate(ModelConfig config)
    {
        if (counts.Count != config.Layers)
        {
            throw new ModelException($"Expert loads are given for {counts.Count} layers; the model has {config.Layers}.");
        }

        for (int layer = 0; layer < counts.Count; layer++)
        {
            if (config.IsMoeLayer(layer) && (counts[layer].Count != config.Experts || counts[layer].Any(count => count < 0)))
            {
                throw new ModelException($"Expert loads of layer {layer} must be {config.Experts} numbers, none negative.");
            }
        }
    }
}
