namespace HunyuanOrleans.Client;

/// <summary>
/// The address of the cluster and the client's timeouts. Exactly one of <see cref="ClusterClient"/>, <see cref="Gateways"/>, <see cref="Postgres"/> and
/// <see cref="Redis"/> gives the address. None is needed if the services have an <see cref="IClusterClient"/> already, as in a silo's process.
/// </summary>
public sealed class HunyuanClientOptions
{
    /// <summary>Name of the model for calls that name none. Default null: the cluster's only model.</summary>
    public string? Model { get; set; }

    /// <summary>An open connection that the program shares with the client. The client does not dispose it. Default null.</summary>
    public IClusterClient? ClusterClient { get; set; }

    /// <summary>
    /// Gateways of silos as HOST:PORT. Default none. One is enough to connect; with several, the client stays connected when one of the silos stops.
    /// </summary>
    public IList<string> Gateways { get; } = [];

    /// <summary>Connection string (Npgsql) of the database that lists the gateways of the silos. Default null.</summary>
    public string? Postgres { get; set; }

    /// <summary>
    /// Connection string (StackExchange.Redis) of the Redis server that lists the gateways of the silos. Default null. A password that it lacks comes
    /// from the environment variable REDISCLI_AUTH.
    /// </summary>
    public string? Redis { get; set; }

    /// <summary>The cluster id that the silos use. Default hunyuan.</summary>
    public string ClusterId { get; set; } = "hunyuan";

    /// <summary>The service id that the silos use. Default hunyuan.</summary>
    public string ServiceId { get; set; } = "hunyuan";

    /// <summary>Encryption of the connections to the silos. Default none. Not used with <see cref="ClusterClient"/>.</summary>
    public ClusterTlsOptions Tls { get; } = new();

    /// <summary>
    /// Configures the Orleans client that connects by <see cref="Gateways"/>, <see cref="Postgres"/> or <see cref="Redis"/>. Default none.
    /// </summary>
    public Action<IClientBuilder>? Connection { get; set; }

    /// <summary>How long the client tries to connect at start before it fails. Default 30 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a call waits for its reply before it is made again. Default 30 s, at least 16 s, because a process with very many idle streams sends
    /// heartbeats only every 15 s. Streams detect a lost silo earlier, by missing heartbeats. Not used with <see cref="ClusterClient"/>.
    /// </summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a request may wait for the model's scheduler to respond, over all attempts, before it ends with an error. Default 120 s. It must be longer
    /// than the cluster needs to recover from the loss of a silo; a lower value reports an unreachable cluster earlier.
    /// </summary>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>The address of the cluster in words, without secrets.</summary>
    internal string ClusterAddress =>
        Postgres is not null ? "the gateways listed in PostgreSQL" : Redis is not null ? "the gateways listed in Redis" : string.Join(", ", Gateways);
}
