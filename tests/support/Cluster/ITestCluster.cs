using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;

namespace HunyuanOrleans.TestSupport.Cluster;

/// <summary>What tests need of a cluster, on either engine.</summary>
public interface ITestCluster : IAsyncDisposable
{
    IClusterClient Client { get; }

    IReadOnlyList<SiloAddress> Silos { get; }

    string NameOf(SiloAddress silo);

    Task<SiloAddress> AddSiloAsync();

    Task StopSiloAsync(SiloAddress silo);

    Task KillSiloAsync(SiloAddress silo);
}

/// <summary>How the cluster of a test is set up. Silos are numbered from 0 as they come.</summary>
public sealed record ClusterSetup(Action<int, ISiloBuilder>? Silo = null, Action<IClientBuilder>? Client = null);
