using System.Collections;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Silo.Settings;

/// <summary>Adds the sources of a silo's settings to the configuration, and the settings to the services as options.</summary>
public static class HostSettingsExtensions
{
    // The variables of the server's settings have the same names for hunyuan serve.
    private const string VariablePrefix = "HUNYUAN_", ServerVariables = VariablePrefix + "Server__";

    /// <summary>Adds the settings file, then environment variables, then command-line options. Later sources override earlier ones.</summary>
    /// <param name="configuration">The configuration to extend.</param>
    /// <param name="commandLine">The command line.</param>
    /// <param name="environment">The environment variables.</param>
    /// <exception cref="SettingsException">The settings file does not exist.</exception>
    public static IConfigurationBuilder AddHostSettings(this IConfigurationBuilder configuration, SiloCommandLine commandLine, IDictionary environment)
    {
        if (commandLine.File is string file)
        {
            if (!File.Exists(file))
            {
                throw new SettingsException($"The settings file {file} does not exist.");
            }

            configuration.AddJsonFile(Path.GetFullPath(file), optional: false);
        }

        configuration.AddInMemoryCollection(SettingTable.All
            .Where(setting => environment[setting.Flag.Variable] is string { Length: > 0 })
            .Select(setting => KeyValuePair.Create(setting.Key, (string?)environment[setting.Flag.Variable])));
        configuration.AddInMemoryCollection(environment.Keys.Cast<string>()
            .Where(static name => name.StartsWith(ServerVariables, StringComparison.OrdinalIgnoreCase))
            .Select(name => KeyValuePair.Create(name[VariablePrefix.Length..].Replace("__", ":", StringComparison.Ordinal), (string?)environment[name])));
        return configuration.AddInMemoryCollection(commandLine.Values);
    }

    /// <summary>Adds the settings as options, which are validated when the host starts.</summary>
    /// <param name="services">The services to extend.</param>
    /// <param name="configuration">The configuration with the settings.</param>
    public static IServiceCollection AddHostSettings(this IServiceCollection services, IConfiguration configuration)
    {
        Add<SiloSettings, SiloSettingsValidator>();
        Add<ClusteringSettings, ClusteringSettingsValidator>();
        Add<TlsSettings, TlsSettingsValidator>();
        return services;

        void Add<TSettings, TValidator>() where TSettings : class where TValidator : class, IValidateOptions<TSettings>
        {
            services.AddSingleton<IValidateOptions<TSettings>, TValidator>();
            services.AddOptions<TSettings>().Bind(configuration.GetSection(SettingTable.SectionOf(typeof(TSettings)))).ValidateOnStart();
        }
    }
}
