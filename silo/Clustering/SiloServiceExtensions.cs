using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Silo.Hosting;
using HunyuanOrleans.Silo.Settings;
using Orleans.Configuration;
using Orleans.Serialization;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>Adds an Orleans silo with the models' grains to the process.</summary>
internal static class SiloServiceExtensions
{
    // The rest of the grace is for deactivating grains and closing connections.
    private const double HandoverShareOfGrace = 0.8;

    /// <summary>Adds the silo.</summary>
    /// <param name="builder">The process's host.</param>
    /// <param name="settings">All settings.</param>
    /// <exception cref="SettingsException">A certificate cannot be read, or a host name does not resolve.</exception>
    public static WebApplicationBuilder AddHunyuanSilo(this WebApplicationBuilder builder, HostSettings settings)
    {
        builder.Services.AddSingleton<SiloState>();
        builder.UseOrleans(silo =>
        {
            silo.UseHunyuanClustering(settings);
            silo.UseSiloTls(settings.Tls);
            silo.Configure<SiloOptions>(o => o.SiloName = SiloResources.Name(settings.Silo));
            silo.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(settings.Silo.ResponseTimeoutSeconds));
            silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(settings.Silo.ResponseTimeoutSeconds));
            silo.Services.Configure<ExceptionSerializationOptions>(static o => o.SupportedNamespacePrefixes.UnionWith(TransientErrors.DatabaseNamespaces));
            silo.AddHunyuan(GrainOptions(settings.Silo));
        });
        return builder;
    }

    private static HunyuanSiloOptions GrainOptions(SiloSettings settings)
    {
        DeviceChoice? gpu = SiloResources.FindGpu(settings);
        return new HunyuanSiloOptions
        {
            Models = SiloResources.Models(settings, Console.Error.WriteLine, gpu),
            Capacity = SiloResources.Capacity(settings, gpu),
            AdapterBytes = SiloResources.AdapterBytes(settings, gpu),
            LeaveLimit = TimeSpan.FromSeconds(settings.ShutdownGraceSeconds * HandoverShareOfGrace),
            StepDeadline = TimeSpan.FromSeconds(settings.StepDeadlineSeconds),
            SessionIdleTime = TimeSpan.FromSeconds(settings.SessionIdleSeconds),
            MinSilos = settings.MinSilos,
            RebalanceInterval = TimeSpan.FromSeconds(settings.RebalanceSeconds),
            Link = SiloResources.Link(settings),
            TimeScale = settings.TimeScale,
            // The process cannot use the device any more, and the others take its share only when it is gone.
            DeviceLost = static _ => Environment.Exit(SiloHost.Failed),
        };
    }
}
