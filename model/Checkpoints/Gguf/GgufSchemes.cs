using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Model.Checkpoints.Gguf;

/// <summary>
/// The types in memory of a GGUF file's matrices: Q4_0 and Q8_0 are kept as they are, other blocks are decoded. Matrices that are computed together and are
/// stored in different types are decoded too.
/// </summary>
internal static class GgufSchemes
{
    private static readonly string[][] Together = [["q_proj", "k_proj", "v_proj"], ["gate_proj", "up_proj"]];

    private static readonly (StoredType Stored, WeightScheme Scheme)[] Kept =
    [
        (StoredType.Q4_0, new WeightScheme(ElementType.I4, ScaleGranularity.Group, StaticInput: false) { Form = StoredForm.Gguf }),
        (StoredType.Q8_0, new WeightScheme(ElementType.U8, ScaleGranularity.Group, StaticInput: false) { Form = StoredForm.Gguf }),
    ];

    /// <summary>The schemes of a file; null if nothing is kept quantised.</summary>
    /// <param name="source">The file.</param>
    /// <param name="tensors">Its tensors under their published names.</param>
    public static QuantizationConfig? Of(string source, IReadOnlyCollection<TensorView> tensors)
    {
        Dictionary<string, StoredType> types = new(StringComparer.Ordinal);
        foreach (TensorView tensor in tensors)
        {
            string module = WeightNames.Module(tensor.Name);
            if (LinearRoles.Of(module) != LinearRole.None)
            {
                types[module] = tensor.StoredType;
            }
        }

        // A tied lm_head is packed from the embedding.
        if (!types.ContainsKey("lm_head") && tensors.FirstOrDefault(static t => t.Name == WeightNames.Embedding) is { } embedding)
        {
            types["lm_head"] = embedding.StoredType;
        }

        List<SchemeGroup> groups = [];
        foreach ((StoredType stored, WeightScheme scheme) in Kept)
        {
            string[] modules = [.. types.Where(t => t.Value == stored && SameTypes(types, t.Key, stored)).Select(static t => t.Key)];
            if (modules.Length > 0)
            {
                groups.Add(new SchemeGroup(new ModuleMatcher(modules), scheme));
            }
        }

        return groups.Count > 0 ? new QuantizationConfig(QuantizationReader.Gguf, source, new ModuleMatcher([]), groups, []) : null;
    }

    private static bool SameTypes(Dictionary<string, StoredType> types, string module, StoredType type)
    {
        int dot = module.LastIndexOf('.') + 1;
        foreach (string[] names in Together)
        {
            if (names.Contains(module[dot..]))
            {
                return names.All(name => !types.TryGetValue(module[..dot] + name, out StoredType other) || other == type);
            }
        }

        return true;
    }
}
