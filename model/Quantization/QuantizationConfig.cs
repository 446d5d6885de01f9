namespace HunyuanOrleans.Model.Quantization;

/// <summary>
/// What a checkpoint says of its quantisation, read and checked: which modules are stored how. It does not know the files; whether they hold
/// what is said here is checked where tensors are looked up.
/// </summary>
public sealed class QuantizationConfig
{
    private readonly ModuleMatcher ignored;
    private readonly IReadOnlyList<SchemeGroup> groups;

    internal QuantizationConfig(string method, string ignoredField, ModuleMatcher ignored, IReadOnlyList<SchemeGroup> groups)
    {
        Method = method;
        IgnoredField = ignoredField;
        this.ignored = ignored;
        this.groups = groups;
    }

    /// <summary>quant_method, as written.</summary>
    public string Method { get; }

    /// <summary>The field that lists modules which are not quantised, for messages.</summary>
    internal string IgnoredField { get; }

    /// <summary>How a linear module is stored, by its name without .weight; null where it is not quantised.</summary>
    public WeightScheme? SchemeOf(string module)
    {
        LinearRole role = LinearRoles.Of(module);

        // AutoFP8 leaves lm_head alone, listed or not; where it is no matrix of its own, lists do not always name it.
        if (role == LinearRole.None || (role == LinearRole.Head && Method == QuantizationReader.AutoFp8) || ignored.Matches(module))
        {
            return null;
        }

        // A group that names a module outdoes one that takes all linear layers.
        foreach (SchemeGroup group in groups)
        {
            if (group.Targets.Matches(module))
            {
                return group.Scheme;
            }
        }

        return groups.FirstOrDefault(g => g.Targets.Has(SchemeGroup.AllLinear))?.Scheme;
    }

    /// <summary>Whether a module is meant to be quantised although it never is: a router that the list of exceptions forgot.</summary>
    internal bool Targets(string module) =>
        !ignored.Matches(module) && groups.Any(g => g.Targets.Matches(module) || g.Targets.Has(SchemeGroup.AllLinear));
}

/// <summary>Modules that are stored in one way.</summary>
/// <param name="Targets">Which.</param>
/// <param name="Scheme">How.</param>
internal sealed record SchemeGroup(ModuleMatcher Targets, WeightScheme Scheme)
{
    /// <summary>The target that means every linear layer.</summary>
    public const string AllLinear = "Linear";
}
