using HunyuanOrleans.Silo.Settings;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>The cluster's side of the process on the embedded engine: all silos are in this process.</summary>
internal static class ClusterSide
{
    /// <summary>Adds it.</summary>
    /// <param name="builder">Where to.</param>
    /// <param name="settings">All settings.</param>
    /// <exception cref="SettingsException">They ask for a network.</exception>
    public static void Add(WebApplicationBuilder builder, HostSettings settings)
    {
        Refuse(settings.Clustering.Kind != ClusteringKind.Localhost || settings.Clustering.PrimaryEndpoint is { Length: > 0 },
            typeof(ClusteringSettings), nameof(ClusteringSettings.Kind), settings.Clustering.Kind, "localhost, without a primary endpoint");
        Refuse(settings.Tls.Enabled, typeof(TlsSettings), nameof(TlsSettings.Certificate), settings.Tls.Certificate, "nothing");

        builder.Services.AddSingleton<EmbeddedSilos>();
        builder.Services.AddSingleton<ISiloState>(services => services.GetRequiredService<EmbeddedSilos>());
        builder.Services.AddHostedService(services => services.GetRequiredService<EmbeddedSilos>());
        builder.Services.AddSingleton<IClusterClient>(services => services.GetRequiredService<EmbeddedSilos>().Cluster.Client);
        builder.Services.AddSingleton<IGrainFactory>(services => services.GetRequiredService<IClusterClient>());
    }

    private static void Refuse(bool asked, Type type, string property, object? value, string allowed)
    {
        if (asked)
        {
            throw new SettingsException(SettingTable.Of(type, property).Problem(value, allowed)
                + " This build has the embedded engine, whose silos are all in one process; more than one machine needs the Orleans engine.");
        }
    }
}
