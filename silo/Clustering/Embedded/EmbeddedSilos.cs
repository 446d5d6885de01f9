using HunyuanOrleans.Embedded;
using HunyuanOrleans.Silo.Settings;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>The logical silos of this process, started and stopped with it.</summary>
internal sealed partial class EmbeddedSilos : IHostedService, ISiloState, IAsyncDisposable
{
    private readonly HostSettings _settings;
    private readonly ILogger _logger;

    public EmbeddedSilos(
        IOptions<SiloSettings> silo, IOptions<ClusteringSettings> clustering, IOptions<TlsSettings> tls, ILoggerFactory loggers)
    {
        _settings = new(silo.Value, clustering.Value, tls.Value);
        _logger = loggers.CreateLogger<EmbeddedSilos>();
        Cluster = new(
            builder => builder.Services.AddSingleton(loggers),
            builder =>
            {
                builder.Services.AddSingleton(loggers);
                builder.Services.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(silo.Value.ResponseTimeoutSeconds));
            });
    }

    /// <summary>The cluster.</summary>
    public EmbeddedCluster Cluster { get; }

    public bool Active => ActiveInCluster == _settings.Silo.Silos;

    public int ActiveInCluster => Cluster.Silos.Count(static silo => silo.Status == SiloStatus.Active);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        for (int i = 0; i < _settings.Silo.Silos; i++)
        {
            int number = i;
            EmbeddedSilo silo = await Cluster.AddSiloAsync(
                builder => SiloContents.Add(builder, _settings, number), SiloShare.Name(_settings.Silo, i), cancellationToken);
            LogActive(silo.Name);
        }
    }

    // One after the other, as a cluster is taken down in order: what a silo hands over still finds a silo, but for the last.
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (EmbeddedSilo silo in Cluster.Silos.Reverse())
        {
            await Cluster.StopSiloAsync(silo, cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    [LoggerMessage(Level = LogLevel.Information, Message = "Silo {Name} is active, in this process.")]
    private partial void LogActive(string name);
}
