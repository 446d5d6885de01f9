using System.CommandLine;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Client;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>The options that connect a verb to a cluster.</summary>
internal static class ClusterOptions
{
    // A connection string of Redis may look like a list of gateways, so it needs a mark.
    private const string RedisPrefix = "redis:";

    private static readonly Option<string?> Cluster = new("--cluster")
    {
        Description = "Use a cluster: HOST:PORT of the gateways of its silos, separated by commas, the connection string of its PostgreSQL "
            + $"database, or {RedisPrefix} and the connection string of its Redis server. --model is then the model's name on the cluster. "
            + "[default: compute on this machine]",
        HelpName = "ENDPOINT",
    };

    private static readonly Option<string> ClusterId = new("--cluster-id")
    {
        Description = "The name of the cluster, the same as --cluster-id of its silos.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "hunyuan",
    };

    // Shorter than the client's default, because a user waits at the terminal: a wrong address is told within ten seconds.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(6);

    /// <summary>Adds the options to a verb.</summary>
    public static void AddTo(Command command)
    {
        command.Add(Cluster);
        command.Add(ClusterId);
        TlsOptions.AddTo(command);
    }

    /// <summary>Whether the command line names a cluster.</summary>
    /// <exception cref="UsageException">
    /// The command line combines a cluster with options for computing on this machine, or gives the name of a cluster but not its address.
    /// </exception>
    public static bool IsGiven(ParseResult parsed)
    {
        if (parsed.GetValue(Cluster) is null)
        {
            return (SharedOptions.FindGiven(parsed, [ClusterId])?.Name ?? TlsOptions.FindGiven(parsed)) is { } alone
                ? throw new UsageException($"{alone} requires {Cluster.Name}.")
                : false;
        }

        return SharedOptions.FindGiven(parsed, [.. SharedOptions.Guessing, .. SharedOptions.Compute]) is { } conflicting
            ? throw new UsageException($"{conflicting.Name} sets how this machine computes, but with {Cluster.Name} the silos compute.")
            : true;
    }

    /// <summary>Connects to a model on the cluster. Call <see cref="IsGiven"/> first.</summary>
    public static Task<ClusterSession> OpenAsync(ParseResult parsed, CancellationToken cancellation) =>
        ClusterSession.OpenAsync(options => Configure(parsed, options), cancellation);

    /// <summary>Connects to the cluster itself, for a verb that requires one.</summary>
    /// <exception cref="UsageException">The command line names no cluster.</exception>
    public static Task<HunyuanClient> ConnectAsync(ParseResult parsed, CancellationToken cancellation) => IsGiven(parsed)
        ? HunyuanClient.ConnectAsync(options => Configure(parsed, options), cancellation)
        : throw new UsageException($"{Cluster.Name} is required: it names the cluster to show.");

    private static void Configure(ParseResult parsed, HunyuanClientOptions options)
    {
        string endpoint = parsed.GetValue(Cluster)!;
        if (endpoint.StartsWith(RedisPrefix, StringComparison.OrdinalIgnoreCase))
        {
            options.Redis = endpoint[RedisPrefix.Length..];
        }
        else if (endpoint.Contains('='))
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
        TlsOptions.Configure(parsed, options.Tls);
    }
}
