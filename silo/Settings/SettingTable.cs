using System.Reflection;

namespace HunyuanOrleans.Silo.Settings;

/// <summary>One setting: its command-line option, its environment variable, and its place in the configuration.</summary>
/// <param name="Flag">Option and help.</param>
/// <param name="Key">Key in the configuration, such as Silo:Role.</param>
/// <param name="Type">Type of the value.</param>
public sealed record Setting(FlagAttribute Flag, string Key, Type Type)
{
    /// <summary>What values of the type look like, for error messages.</summary>
    public string Allowed => Type switch
    {
        { IsEnum: true } => string.Join(", ", Enum.GetNames(Type)).ToLowerInvariant(),
        _ when Type == typeof(bool) => "true or false",
        _ when Type == typeof(int) || Type == typeof(int?) => "a whole number",
        _ when Type == typeof(double) => "a number",
        _ => "text",
    };

    /// <summary>The value's placeholder in --help.</summary>
    public string Placeholder => Flag.Placeholder ?? Type switch
    {
        { IsEnum: true } => string.Join('|', Enum.GetNames(Type)).ToLowerInvariant(),
        _ when Type == typeof(bool) => "true|false",
        _ when Type == typeof(int) || Type == typeof(int?) || Type == typeof(double) => "N",
        _ => "TEXT",
    };

    /// <summary>The error message for a wrong value.</summary>
    /// <param name="value">The value; null or empty for one that was not given.</param>
    /// <param name="allowed">What values are allowed, in words.</param>
    public string Problem(object? value, string allowed) =>
        FormattableString.Invariant($"{Key} (--{Flag.Name}, {Flag.Variable}) is {(value is null or "" ? "not given" : value)}; allowed: {allowed}.");
}

/// <summary>All settings, as the settings classes declare them with <see cref="FlagAttribute"/>.</summary>
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

    /// <summary>The configuration section of a settings class.</summary>
    public static string SectionOf(Type settings) => Sections.Single(s => s.Type == settings).Section;

    /// <summary>The setting of a property.</summary>
    /// <param name="settings">The settings class.</param>
    /// <param name="property">The property's name.</param>
    public static Setting Of(Type settings, string property)
    {
        string key = $"{SectionOf(settings)}:{property}";
        return All.Single(setting => setting.Key == key);
    }
}
