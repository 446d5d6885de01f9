using HunyuanOrleans.TestSupport;
using Orleans.Hosting;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>How the cluster of a test is set up.</summary>
internal sealed record ClusterSetup
{
    /// <summary>A killed silo counts as dead after <see cref="FastMissedProbes"/> probes of this length.</summary>
    public static readonly TimeSpan FastProbeTimeout = TimeSpan.FromSeconds(1);

    public const int FastMissedProbes = 2;

    /// <summary>With the time for the largest messages it is shorter than the response timeout.</summary>
    public static readonly TimeSpan FastExpertCallTimeout = TimeSpan.FromSeconds(3);

    // Calls on their way to a killed silo are lost on the in-memory transport: only the limit ends them.
    private static readonly TimeSpan FastResponseTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Configures a silo. Silos are numbered from 0 in the order in which they are added.</summary>
    public Action<int, ISiloBuilder>? ConfigureSilo { get; init; }

    /// <summary>Configures the client.</summary>
    public Action<IClientBuilder>? ConfigureClient { get; init; }

    /// <summary>
    /// True for tests that kill silos or abandon streams: the cluster notices within seconds. Default false: no call times out and no silo counts
    /// as dead because the machine is slow.
    /// </summary>
    public bool FailsFast { get; init; }

    /// <summary>How long silos and the client wait for the reply to a call.</summary>
    public TimeSpan ResponseTimeout => FailsFast ? FastResponseTimeout : Wait.Limit;
}
