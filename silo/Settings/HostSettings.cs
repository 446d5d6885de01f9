using System.Collections;
using System.ComponentModel;
using System.Globalization;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Silo.Settings;

/// <summary>All settings of a silo process, checked.</summary>
/// <param name="Silo">What the silo is.</param>
/// <param name="Clustering">How silos find each other.</param>
/// <param name="Tls">Encryption between them.</param>
public sealed record HostSettings(SiloSettings Silo, ClusteringSettings Clustering, TlsSettings Tls)
{
    // The server's settings have the names they have for the command serve.
    private const string VariablePrefix = "HUNYUAN_", ServerVariables = VariablePrefix + "Server__";

    /// <summary>
    /// Adds what was given to a configuration: a settings file over what is there already, the environment over that, flags over all.
    /// </summary>
    /// <param name="configuration">Where to.</param>
    /// <param name="commandLine">The flags.</param>
    /// <param name="environment">Environment variables.</param>
    /// <exception cref="SettingsException">The settings file cannot be read.</exception>
    public static void AddSources(IConfigurationBuilder configuration, CommandLine commandLine, IDictionary environment)
    {
        if (commandLine.File is string file)
        {
            if (!File.Exists(file))
            {
                throw new SettingsException($"The settings file {file} is not there.");
            }

            configuration.AddJsonFile(Path.GetFullPath(file), optional: false);
        }

        configuration.AddInMemoryCollection(SettingTable.All
            .Where(setting => environment[setting.Flag.Variable] is string { Length: > 0 })
            .Select(setting => KeyValuePair.Create(setting.Key, (string?)environment[setting.Flag.Variable])));
        configuration.AddInMemoryCollection(environment.Keys.Cast<string>()
            .Where(static name => name.StartsWith(ServerVariables, StringComparison.OrdinalIgnoreCase))
            .Select(name => KeyValuePair.Create(name[VariablePrefix.Length..].Replace("__", ":", StringComparison.Ordinal), (string?)environment[name])));
        configuration.AddInMemoryCollection(commandLine.Values);
    }

    /// <summary>Reads and checks the settings of a configuration.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <exception cref="SettingsException">Some are wrong; the message lists all of them.</exception>
    public static HostSettings Read(IConfiguration configuration)
    {
        List<string> problems = [.. Unreadable(configuration)];
        if (problems.Count > 0)
        {
            throw new SettingsException(string.Join('\n', problems));
        }

        HostSettings settings = new(Bind<SiloSettings>(configuration), Bind<ClusteringSettings>(configuration), Bind<TlsSettings>(configuration));
        problems.AddRange(new SiloRules().Problems(settings.Silo));
        problems.AddRange(new ClusteringRules().Problems(settings.Clustering));
        problems.AddRange(new TlsRules().Problems(settings.Tls));
        return problems.Count == 0 ? settings : throw new SettingsException(string.Join('\n', problems));
    }

    /// <summary>Offers the settings as options, checked again when the host starts.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="configuration">The configuration.</param>
    public static void AddOptions(IServiceCollection services, IConfiguration configuration)
    {
        Add<SiloSettings, SiloRules>();
        Add<ClusteringSettings, ClusteringRules>();
        Add<TlsSettings, TlsRules>();

        void Add<TSettings, TRules>() where TSettings : class where TRules : class, IValidateOptions<TSettings>
        {
            services.AddSingleton<IValidateOptions<TSettings>, TRules>();
            services.AddOptions<TSettings>().Bind(configuration.GetSection(Section(typeof(TSettings)))).ValidateOnStart();
        }
    }

    private static T Bind<T>(IConfiguration configuration) where T : new() =>
        configuration.GetSection(Section(typeof(T))).Get<T>() ?? new();

    private static string Section(Type type) => SettingTable.Sections.Single(s => s.Type == type).Section;

    private static IEnumerable<string> Unreadable(IConfiguration configuration)
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

    // An enum's converter also takes numbers, named or not.
    private static bool CanRead(string text, Type type) =>
        type.IsEnum
            ? Enum.GetNames(type).Contains(text, StringComparer.OrdinalIgnoreCase)
            : type != typeof(double)
                ? TypeDescriptor.GetConverter(type).IsValid(text)
                : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value);
}
