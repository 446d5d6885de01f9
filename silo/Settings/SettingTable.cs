using System.Reflection;

namespace HunyuanOrleans.Silo.Settings;

/// <summary>One setting: its flag, its environment variable, and its place in the configuration.</summary>
/// <param name="Flag">Flag and help.</param>
/// <param name="Key">Key in the configuration, such as Silo:Role.</param>
/// <param name="Type">Type of the value.</param>
public sealed record Setting(FlagAttribute Flag, string Key, Type Type)
{
    /// <summary>What values of the type look like, for error messages.</summary>
    public string Allowed => Type switch
    {
        { IsEnum: true } => string.Join(", ", Enum.GetNames(Type)).ToLowerInvariant(),
        _ when Type == typeof(bool) => "true or false",
        _ when Type == typeof(int) => "a whole number",
        _ when Type == typeof(double) => "a number",
        _ => "text",
    };

    /// <summary>The setting as an error names it.</summary>
    /// <param name="value">Its value.</param>
    /// <param name="allowed">What it could be.</param>
    public string Problem(object? value, string allowed) =>
        FormattableString.Invariant($"{Key} (--{Flag.Name}, {Flag.Variable}) is {(value is null or "" ? "not given" : value)}; allowed: {allowed}.");
}

/// <summary>All settings, as the settings classes declare them.</summary>
public static class SettingTable
{
    /// <summary>The configuration sections and their classes.</summary>
    public static IReadOnlyList<(string Section, Type Type)> Sections { get; } =
        [("Silo", typeof(SiloSettings)), ("Clustering", typeof(ClusteringSettings)), ("Tls", typeof(TlsSettings))];

    /// <summary>The settings, in the order of their declaration.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        .. from section in Sections
           from property in section.Type.GetProperties()
           let flag = property.GetCustomAttribute<FlagAttribute>()
           where flag is not null
           select new Setting(flag, $"{section.Section}:{property.Name}", property.PropertyType),
    ];

    /// <summary>The setting of a property.</summary>
    /// <param name="settings">The class.</param>
    /// <param name="property">The property.</param>
    public static Setting Of(Type settings, string property)
    {
        string key = $"{Sections.Single(s => s.Type == settings).Section}:{property}";
        return All.Single(setting => setting.Key == key);
    }
}
