using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// Finds the modules that a quantised checkpoint stores as they are, whether its config lists them or not: they have a weight of 16 or 32 bits and no
/// other tensors than a bias.
/// </summary>
internal static class PlainModules
{
    private const string Weight = ".weight", Bias = ".bias";

    /// <summary>Finds the modules of a folder. Empty if it has no complete checkpoint: what is wrong with it is said when it is loaded.</summary>
    public static IReadOnlyList<string> Find(string directory)
    {
        if (!CheckpointFiles.Exist(directory))
        {
            return [];
        }

        try
        {
            using Checkpoint checkpoint = Checkpoint.Open(directory);
            return Of(checkpoint.Tensors);
        }
        catch (ModelException)
        {
            return [];
        }
    }

    private static List<string> Of(IReadOnlyCollection<TensorView> tensors)
    {
        HashSet<string> quantized = new(StringComparer.Ordinal);
        List<string> plain = [];
        foreach (TensorView tensor in tensors)
        {
            string name = tensor.Name;
            int dot = name.LastIndexOf('.');
            if (dot <= 0 || name.EndsWith(Bias, StringComparison.Ordinal))
            {
                continue;
            }

            string module = name[..dot];
            bool isPlain = name.EndsWith(Weight, StringComparison.Ordinal) && tensor.StoredType is StoredType.BF16 or StoredType.F16 or StoredType.F32;
            if (!isPlain)
            {
                quantized.Add(module);
            }
            else if (LinearRoles.Of(module) != LinearRole.None)
            {
                plain.Add(module);
            }
        }

        plain.RemoveAll(quantized.Contains);
        return plain;
    }
}
