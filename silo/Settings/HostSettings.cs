using System.ComponentModel;
using System.Globalization;

namespace HunyuanOrleans.Silo.Settings;

/// <summary>All settings of a silo process, validated.</summary>
/// <param name="Silo">What the silo is.</param>
/// <param name="Clustering">How silos find each other.</param>
/// <param name="Tls">Encryption between silos.</param>
public sealed record HostSettings(SiloSettings Silo, ClusteringSettings Clustering, TlsSettings Tls)
{
    /// <summary>Reads and validates the settings of a configuration.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <exception cref="SettingsException">Some are wrong; the message lists all of them.</exception>
    public static HostSettings Read(IConfiguration configuration)
    {
        List<string> problems = [.. FindUnreadable(configuration)];
        if (problems.Count > 0)
        {
            throw new SettingsException(string.Join('\n', problems));
        }

        HostSettings settings = new(Bind<SiloSettings>(configuration), Bind<ClusteringSettings>(configuration), Bind<TlsSettings>(configuration));
        problems.AddRange(new SiloSettingsValidator().FindProblems(settings.Silo));
        problems.AddRange(new ClusteringSettingsValidator().FindProblems(settings.Clustering));
        problems.AddRange(new TlsSettingsValidator().FindProblems(settings.Tls));
        return problems.Count == 0 ? settings : throw new SettingsException(string.Join('\n', problems));
    }

    private static T Bind<T>(IConfiguration configuration) where T : new() =>
        configuration.GetSection(SettingTable.SectionOf(typeof(T))).Get<T>() ?? new();

    private static IEnumerable<string> FindUnreadable(IConfiguration configuration)
    {
        foreach ((string section, _) in SettingTable.Sections)
        {
            foreach (IConfigurationSection value in configuration.GetSection(section).GetChildren())
            {
                Setting? setting = SettingTable.All.FirstOrDefault(s => s.Key.Equals($"{section}:{value.Key}", StringComparison.OrdinalIgnoreCase));
                if (setting is null)
                {
                    yield return $"{section}:{value.Key} is not a setting. See --help.";
                }
                else if (value.Value is string text && !CanRead(text, setting.Type))
                {
                    yield return setting.Problem($"'{text}'", setting.Allowed);
                }
            }
        }
    }

    // The converter of an enum also accepts numbers, even those without a name.
    private static bool CanRead(string text, Type type) =>
        type.IsEnum
            ? Enum.GetNames(type).Contains(text, StringComparer.OrdinalIgnoreCase)
            : type != typeof(double)
                ? TypeDescriptor.GetConverter(type).IsValid(text)
                : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value);
}
