using System.Net;
using System.Net.Sockets;
using HunyuanOrleans.Silo.Settings;
using Orleans.Clustering.Redis;
using Orleans.Configuration;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>Configures how a silo finds the others, where it listens, and how it notices that one is gone.</summary>
internal static class ClusteringExtensions
{
    private static readonly TimeSpan LoadReportInterval = TimeSpan.FromSeconds(10);

    /// <summary>Configures membership, endpoints and the grain directory.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="settings">All settings.</param>
    /// <exception cref="SettingsException">The advertised host name does not resolve.</exception>
    public static ISiloBuilder UseHunyuanClustering(this ISiloBuilder silo, HostSettings settings)
    {
        ClusteringSettings clustering = settings.Clustering;
        silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (clustering.ClusterId, clustering.ServiceId));
        silo.UseMembership(settings);
        silo.ConfigureFailureDetection(clustering);
        silo.ConfigureLoadReports();
        silo.ConfigureSiloEndpoints(settings);
        silo.Services.AddSingleton<PortCheck>();
        silo.Services.AddHostedService(static services => services.GetRequiredService<PortCheck>());
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static services => services.GetRequiredService<PortCheck>());
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, NameCheck>();
        return silo.UseGrainDirectory();
    }

    /// <summary>Whether other machines can reach the silo's ports.</summary>
    /// <param name="settings">All settings.</param>
    /// <exception cref="SettingsException">The advertised host name does not resolve.</exception>
    public static bool ListensBeyondLoopback(HostSettings settings) => settings.Silo.AdvertisedAddress is { Length: > 0 } name
        ? !IPAddress.IsLoopback(Resolve(name))
        : settings.Clustering.Kind != ClusteringKind.Localhost;

    private static void UseMembership(this ISiloBuilder silo, HostSettings settings)
    {
        ClusteringSettings clustering = settings.Clustering;
        switch (clustering.Kind)
        {
            case ClusteringKind.Localhost:
                silo.UseLocalhostClustering(settings.Silo.SiloPort, settings.Silo.GatewayPort,
                    clustering.PrimaryEndpoint is { Length: > 0 } primary ? IPEndPoint.Parse(primary) : null,
                    clustering.ServiceId, clustering.ClusterId);
                return;
            case ClusteringKind.Postgres:
                silo.Services.AddSingleton<IMembershipServer, PostgresMembershipServer>();
                silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", clustering.ConnectionString!));
                break;
            default:
                silo.Services.AddSingleton<RedisMembershipServer>();
                silo.Services.AddSingleton<IMembershipServer>(static services => services.GetRequiredService<RedisMembershipServer>());
                silo.UseRedisClustering(o => o.ConfigurationOptions = RedisMembershipServer.Parse(clustering.ConnectionString!));
                silo.Services.AddOptions<RedisClusteringOptions>().Configure<RedisMembershipServer>(static (o, server) =>
                    o.CreateMultiplexer = _ => Task.FromResult((server.Connection, true)));
                break;
        }

        silo.Services.AddSingleton<StaleMembershipCheck>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, MembershipStartup>();
    }

    private static void ConfigureFailureDetection(this ISiloBuilder silo, ClusteringSettings clustering) => silo.Configure<ClusterMembershipOptions>(o =>
    {
        o.ProbeTimeout = TimeSpan.FromSeconds(clustering.ProbeTimeoutSeconds);
        // Orleans lengthens probes up to this limit, and declares no silo dead that it heard from within the limit times the missed probes. The default
        // makes that 12 s, during which streams over a cut link stand still.
        o.MaxProbeTimeout = 2 * o.ProbeTimeout;
        o.NumMissedProbesLimit = clustering.MissedProbes;
        o.NumVotesForDeathDeclaration = clustering.Votes;
        o.NumMissedTableIAmAliveLimit = 3;
        o.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(clustering.StaleAfterSeconds / o.NumMissedTableIAmAliveLimit);
        // A silo that was cut off learns from the table that it was declared dead, and keeps answering callers until then.
        o.TableRefreshTimeout = o.IAmAliveTablePublishTimeout;
        o.MaxJoinAttemptTime = TimeSpan.FromSeconds(clustering.JoinTimeoutSeconds);
        // The time counts from the start of the process: a silo that waited for its database would evict itself as soon as it joins.
        o.EvictWhenMaxJoinAttemptTimeExceeded = false;
    });

    // Every silo tells every other one its load each second by default, which is most of what an idle cluster of many silos sends. Only grains of
    // requests are placed by it.
    private static void ConfigureLoadReports(this ISiloBuilder silo) =>
        silo.Configure<DeploymentLoadPublisherOptions>(static o => o.DeploymentLoadPublisherRefreshTime = LoadReportInterval);

    // The default grain directory loses a part of its entries with every killed silo and deactivates the grains they were for, among them schedulers on
    // healthy silos. This one recovers them from the remaining silos. Its leases would keep grains of a dead silo from being activated elsewhere for
    // half a minute, in case that silo still runs; here epochs of schedulers and step numbers make that safe.
    private static ISiloBuilder UseGrainDirectory(this ISiloBuilder silo)
    {
#pragma warning disable ORLEANSEXP003 // Experimental.
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        return silo.Configure<GrainDirectoryOptions>(o => o.RangeLeaseDuration = TimeSpan.Zero);
    }

    private static void ConfigureSiloEndpoints(this ISiloBuilder silo, HostSettings settings)
    {
        SiloSettings own = settings.Silo;
        if (own.AdvertisedAddress is { Length: > 0 } name)
        {
            IPAddress address = Resolve(name);
            silo.ConfigureEndpoints(address, own.SiloPort, own.GatewayPort, listenOnAnyHostAddress: !IPAddress.IsLoopback(address));
        }
        else if (settings.Clustering.Kind != ClusteringKind.Localhost)
        {
            silo.ConfigureEndpoints(own.SiloPort, own.GatewayPort, listenOnAnyHostAddress: true);
        }
    }

    private static IPAddress Resolve(string name)
    {
        if (IPAddress.TryParse(name, out IPAddress? address))
        {
            return address;
        }

        try
        {
            // The membership stores addresses, not names. IPv4 is preferred because most cluster networks have it.
            return Dns.GetHostAddresses(name).OrderBy(static a => a.AddressFamily).First();
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException or InvalidOperationException)
        {
            throw new SettingsException(SettingTable.Of(typeof(SiloSettings), nameof(SiloSettings.AdvertisedAddress))
                .Problem(name, "an address, or a host name that resolves to one"));
        }
    }
}
