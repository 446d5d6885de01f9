namespace HunyuanOrleans.Silo.Settings;

/// <summary>
/// How a setting is given outside of a configuration file: as --name on the command line, and as HUNYUAN_NAME in the environment.
/// </summary>
/// <param name="name">The flag without its dashes.</param>
/// <param name="help">One line for --help: what it is, and the default.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FlagAttribute(string name, string help) : Attribute
{
    /// <summary>The flag without its dashes.</summary>
    public string Name => name;

    /// <summary>One line for --help.</summary>
    public string Help => help;

    /// <summary>The environment variable.</summary>
    public string Variable => "HUNYUAN_" + name.ToUpperInvariant().Replace('-', '_');
}
