using System.Net;
using HunyuanOrleans.Silo.Settings;
using Orleans.Configuration;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>The cluster's side of the process: one silo.</summary>
internal static class ClusterSide
{
    /// <summary>Adds it.</summary>
    /// <param name="builder">Where to.</param>
    /// <param name="settings">All settings.</param>
    public static void Add(WebApplicationBuilder builder, HostSettings settings)
    {
        builder.Services.AddSingleton<SiloState>();
        builder.UseOrleans(silo =>
        {
            AddMembership(silo, settings);
            AddEndpoints(silo, settings);
            SiloTls.Add(silo, settings.Tls);
            silo.Configure<SiloOptions>(o => o.SiloName = SiloShare.Name(settings.Silo));
            silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (settings.Clustering.ClusterId, settings.Clustering.ServiceId));
            silo.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(settings.Silo.ResponseTimeoutSeconds));
            silo.AddActivityPropagation();
            AddDirectory(silo);
            SiloContents.Add(silo, settings);
        });
    }

    // The ordinary directory of grains loses a part of its entries with every silo that is killed and shuts down the grains they were of, schedulers on
    // healthy silos among them; this one asks the silos that are left. Its leases keep the grains of a dead silo from coming back for half a minute,
    // in case that silo lives after all: epochs of schedulers and numbers of steps take care of that here.
    private static void AddDirectory(ISiloBuilder silo)
    {
#pragma warning disable ORLEANSEXP003 // Experimental.
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        silo.Configure<GrainDirectoryOptions>(o => o.RangeLeaseDuration = TimeSpan.Zero);
    }

    private static void AddMembership(ISiloBuilder silo, HostSettings settings)
    {
        ClusteringSettings clustering = settings.Clustering;
        switch (clustering.Kind)
        {
            case ClusteringKind.Localhost:
                silo.UseLocalhostClustering(settings.Silo.SiloPort, settings.Silo.GatewayPort,
                    clustering.PrimaryEndpoint is { Length: > 0 } primary ? IPEndPoint.Parse(primary) : null,
                    clustering.ServiceId, clustering.ClusterId);
                break;
            case ClusteringKind.Postgres:
                silo.Services.AddSingleton<AbandonedMembers>();
                silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, PostgresMembership>();
                silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", clustering.ConnectionString!));
                break;
            default:
                silo.UseRedisClustering(o => o.ConfigurationOptions = StackExchange.Redis.ConfigurationOptions.Parse(clustering.ConnectionString!));
                break;
        }

        silo.Configure<ClusterMembershipOptions>(o =>
        {
            o.ProbeTimeout = TimeSpan.FromSeconds(clustering.ProbeTimeoutSeconds);
            // Orleans stretches probes up to this limit, and calls nobody dead who was heard within that limit times the probes that must fail:
            // with its default that is 12 s, in which streams over a link that was cut stand still.
            o.MaxProbeTimeout = 2 * o.ProbeTimeout;
            o.NumMissedProbesLimit = clustering.MissedProbes;
            o.NumVotesForDeathDeclaration = clustering.Votes;
            o.NumMissedTableIAmAliveLimit = 3;
            o.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(clustering.StaleAfterSeconds / o.NumMissedTableIAmAliveLimit);
            // A silo that was cut off learns by the table that it counts as dead, and until then answers whoever comes.
            o.TableRefreshTimeout = o.IAmAliveTablePublishTimeout;
            o.MaxJoinAttemptTime = TimeSpan.FromSeconds(clustering.JoinTimeoutSeconds);
            // It counts from the start of the process: a silo that waited for its database would be thrown out, by itself first, as it joins.
            o.EvictWhenMaxJoinAttemptTimeExceeded = false;
        });
    }

    private static void AddEndpoints(ISiloBuilder silo, HostSettings settings)
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
            // Silos write addresses, not names, into the membership; IPv4 first, as most clusters have it.
            return Dns.GetHostAddresses(name).OrderBy(static a => a.AddressFamily).First();
        }
        catch (Exception exception) when (exception is System.Net.Sockets.SocketException or ArgumentException or InvalidOperationException)
        {
            throw new SettingsException(SettingTable.Of(typeof(SiloSettings), nameof(SiloSettings.AdvertisedAddress))
                .Problem(name, "an address, or a host name that resolves to one"));
        }
    }
}
