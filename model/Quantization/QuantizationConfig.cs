namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// The validated quantization_config of a checkpoint: the scheme of each module, without the modules that the files store as they are. It does not read
/// weight files; the lookup of tensors checks that the files match it.
/// </summary>
public sealed class QuantizationConfig
{
    private readonly ModuleMatcher _ignored;
    private readonly IReadOnlyList<SchemeGroup> _groups;
    private readonly ModuleMatcher? _plain;

    internal QuantizationConfig(
        string method, string ignoredField, ModuleMatcher ignored, IReadOnlyList<SchemeGroup> groups, IReadOnlyCollection<string> plain)
    {
        _plain = plain.Count > 0 ? new ModuleMatcher(plain) : null;
        Method = method;
        IgnoredField = ignoredField;
        _ignored = ignored;
        _groups = groups;
    }

    /// <summary>The value of quant_method.</summary>
    public string Method { get; }

    /// <summary>The name of the field that lists the modules which are not quantised, for messages.</summary>
    internal string IgnoredField { get; }

    /// <summary>The scheme of a module, from its name without ".weight"; null if the module is not quantised.</summary>
    public WeightScheme? SchemeOf(string module)
    {
        LinearRole role = LinearRoles.Of(module);

        // Only compressed-tensors and GGUF quantise lm_head, and lists of the others may omit it.
        bool isHead = role == LinearRole.Head && Method is not (QuantizationReader.CompressedTensors or QuantizationReader.Gguf);
        if (role == LinearRole.None || isHead || _ignored.Matches(module) || _plain?.Matches(module) == true)
        {
            return null;
        }

        // A group that names the module has priority over one that targets all linear layers.
        foreach (SchemeGroup group in _groups)
        {
            if (group.Targets.Matches(module))
            {
                return group.Scheme;
            }
        }

        return _groups.FirstOrDefault(g => g.Targets.Has(SchemeGroup.AllLinear))?.Scheme;
    }
}

/// <summary>A group of modules with the same scheme.</summary>
/// <param name="Targets">Matches the modules of the group.</param>
/// <param name="Scheme">The scheme of these modules.</param>
internal sealed record SchemeGroup(ModuleMatcher Targets, WeightScheme Scheme)
{
    /// <summary>The target that means every linear layer.</summary>
    public const string AllLinear = "Linear";
}
