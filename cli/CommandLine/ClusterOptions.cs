using System.CommandLine;
using System.CommandLine.Parsing;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Client;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>The options that have a cluster answer instead of this process, for the verbs that answer.</summary>
internal static class ClusterOptions
{
    private static readonly Option<string?> Cluster = new("--cluster")
    {
        Description = "Ask a cluster: HOST:PORT of silos' gateways, separated by commas, or the connection string of its PostgreSQL database. "
            + "--model is then the model's name there. [default: this machine computes]",
        HelpName = "ENDPOINT",
    };

    private static readonly Option<string> ClusterId = new("--cluster-id")
    {
        Description = "Name of the cluster, as its silos are told.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "hunyuan",
    };

    // Someone waits before the terminal.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Adds them to a verb.</summary>
    public static void AddTo(Command command)
    {
        command.Add(Cluster);
        command.Add(ClusterId);
    }

    /// <summary>Whether a cluster is to answer.</summary>
    /// <exception cref="UsageException">So it is, beside options that say how this machine computes; or a cluster is named and not where it is.</exception>
    public static bool IsGiven(ParseResult parsed)
    {
        bool given = parsed.GetValue(Cluster) is not null;
        if (!given)
        {
            return Explicit(parsed, ClusterId) ? throw new UsageException($"{ClusterId.Name} goes with {Cluster.Name}.") : false;
        }

        Option[] local = [SharedOptions.Mode, SharedOptions.Kv, SharedOptions.Threads, SharedOptions.PackedCache];
        return local.FirstOrDefault(option => Explicit(parsed, option)) is { } wrong
            ? throw new UsageException($"{wrong.Name} says how this machine computes; with {Cluster.Name} the silos do.")
            : true;
    }

    /// <summary>Connects. Call <see cref="IsGiven"/> before.</summary>
    public static Task<ClusterSession> OpenAsync(ParseResult parsed, CancellationToken cancellation) =>
        ClusterSession.OpenAsync(options => Configure(parsed, options), cancellation);

    /// <summary>Connects, for a verb that looks at a cluster.</summary>
    /// <exception cref="UsageException">No cluster is given.</exception>
    public static Task<HunyuanClient> ConnectAsync(ParseResult parsed, CancellationToken cancellation) => IsGiven(parsed)
        ? HunyuanClient.ConnectAsync(options => Configure(parsed, options), cancellation)
        : throw new UsageException($"{Cluster.Name} is missing: the cluster to look at.");

    private static void Configure(ParseResult parsed, HunyuanClientOptions options)
    {
        string endpoint = parsed.GetValue(Cluster)!;
        if (endpoint.Contains('='))
        {
            options.Postgres = endpoint;
        }
        else
        {
            foreach (string gateway in endpoint.Split(',', StringSplitOptions.TrimEntries))
            {
                options.Gateways.Add(gateway);
            }
        }

        options.ConnectTimeout = ConnectTimeout;
        options.ClusterId = parsed.GetValue(ClusterId)!;
        options.Model = parsed.GetValue(SharedOptions.Model);
    }

    private static bool Explicit(ParseResult parsed, Option option) => parsed.GetResult(option) is OptionResult { Implicit: false };
}
