namespace HunyuanOrleans.Silo.Settings;

/// <summary>
/// How a setting is given outside of a configuration file: as the option --name on the command line, and as the variable HUNYUAN_NAME in the environment.
/// </summary>
/// <param name="name">The option without its dashes.</param>
/// <param name="help">What the setting is, in one line for --help and the manual.</param>
/// <param name="defaultValue">Its default in words; empty if there is nothing to say.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FlagAttribute(string name, string help, string defaultValue = "") : Attribute
{
    /// <summary>Whether the option may be given several times. The values are one text in which semicolons separate them. Default false: the last one counts.</summary>
    public bool Repeats { get; init; }

    /// <summary>What a value looks like in --help; null for the word of its type.</summary>
    public string? Placeholder { get; init; }

    /// <summary>The option without its dashes.</summary>
    public string Name => name;

    /// <summary>What the setting is, in one line.</summary>
    public string Help => help;

    /// <summary>The default in words; may be empty.</summary>
    public string Default => defaultValue;

    /// <summary>The environment variable.</summary>
    public string Variable => "HUNYUAN_" + name.ToUpperInvariant().Replace('-', '_');
}
