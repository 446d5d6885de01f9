namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// The validated quantization_config of a checkpoint: the scheme of each module. It does not read weight files; the lookup of tensors
/// checks that the files match it.
/// </summary>
public sealed class QuantizationConfig
{
    private readonly ModuleMatcher _ignored;
    private readonly IReadOnlyList<SchemeGroup> _groups;

    internal QuantizationConfig(string method, string ignoredField, ModuleMatcher ignored, IReadOnlyList<SchemeGroup> groups)
    {
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

        // AutoFP8 never quantises lm_head, and its lists may omit lm_head in tied models.
        if (role == LinearRole.None || (role == LinearRole.Head && Method == QuantizationReader.AutoFp8) || _ignored.Matches(module))
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

    /// <summary>
    /// Whether the config quantises a module by name, whatever its role. True for a router means that the list of ignored modules lacks it.
    /// </summary>
    internal bool Targets(string module) =>
        !_ignored.Matches(module) && _groups.Any(g => g.Targets.Matches(module) || g.Targets.Has(SchemeGroup.AllLinear));
}

/// <summary>A group of modules with the same scheme.</summary>
/// <param name="Targets">Matches the modules of the group.</param>
/// <param name="Scheme">The scheme of these modules.</param>
internal sealed record SchemeGroup(ModuleMatcher Targets, WeightScheme Scheme)
{
    /// <summary>The target that means every linear layer.</summary>
    public const string AllLinear = "Linear";
}
