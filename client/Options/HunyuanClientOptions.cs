using HunyuanOrleans.Contracts;

namespace HunyuanOrleans.Client;

/// <summary>
/// Where the cluster is, and how patient its client is. Exactly one of <see cref="ClusterClient"/>, <see cref="Gateways"/>, <see cref="Postgres"/> and
/// <see cref="Redis"/> says where; none where the services have an <see cref="IClusterClient"/> already, as in a silo's process.
/// </summary>
public sealed class HunyuanClientOptions
{
    /// <summary>Name of the model that is meant where a call names none. Default null: the cluster's only one.</summary>
    public string? Model { get; set; }

    /// <summary>
    /// An open connection that is shared with other parts of the program. It is not disposed.
    /// </summary>
    public IClusterClient? ClusterClient { get; set; }

    /// <summary>HOST:PORT of silos' gateways. One is enough; with more the client goes on when a silo ends.</summary>
    public IList<string> Gateways { get; } = [];

    /// <summary>Connection string (Npgsql) of the database where silos write their gateways.</summary>
    public string? Postgres { get; set; }

    /// <summary>Connection string (StackExchange.Redis) of the Redis server where silos write their gateways.</summary>
    public string? Redis { get; set; }

    /// <summary>Name of the cluster, as its silos are told. Default hunyuan.</summary>
    public string ClusterId { get; set; } = "hunyuan";

    /// <summary>Name of the service, as its silos are told. Default hunyuan.</summary>
    public string ServiceId { get; set; } = "hunyuan";

    /// <summary>
    /// More settings of the connection the client makes itself, such as TLS (<c>UseTls</c> of Microsoft.Orleans.Connections.Security). Default none.
    /// </summary>
    public Action<IClientBuilder>? Connection { get; set; }

    /// <summary>How long the first connection may take. Default 30 s. Then starting ends with an error.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a call waits for its answer before it is made again, for a connection the client makes itself. Default 30 s, at least 16 s: where very
    /// many streams are silent, their signs of life come as rarely as every 15 s. Streams themselves find out sooner that they were lost.
    /// </summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a request may go without a new token, over all attempts, before it ends with an error. Default 120 s. It must be longer than the cluster
    /// needs to go on after losing a silo.
    /// </summary>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>Where the cluster is, in words without secrets.</summary>
    internal string Place =>
        Postgres is not null ? "the gateways listed in PostgreSQL" : Redis is not null ? "the gateways listed in Redis" : string.Join(", ", Gateways);

    /// <summary>Checks the values.</summary>
    /// <param name="connected">Whether there is a connection from elsewhere.</param>
    /// <exception cref="HunyuanException">One is wrong; the message names it and says what is allowed.</exception>
    internal void Validate(bool connected)
    {
        (string Name, bool Given)[] places =
        [
            (nameof(ClusterClient), ClusterClient is not null),
            (nameof(Gateways), Gateways.Count > 0),
            (nameof(Postgres), Postgres is not null),
            (nameof(Redis), Redis is not null),
        ];
        string[] given = [.. places.Where(static place => place.Given).Select(static place => place.Name)];
        string all = string.Join(", ", places.Select(static place => place.Name));
        if (given.Length > 1 || (given.Length == 0 && !connected))
        {
            string got = given.Length == 0 ? "None" : string.Join(" and ", given);
            throw new HunyuanException($"{got} of the options that say where the cluster is are set; allowed: exactly one of {all}.");
        }

        foreach (string gateway in Gateways)
        {
            GatewayAddress.Parse(gateway);
        }

        NotEmpty(nameof(Postgres), Postgres);
        NotEmpty(nameof(Redis), Redis);
        NotEmpty(nameof(Model), Model);
        NotEmpty(nameof(ClusterId), ClusterId);
        NotEmpty(nameof(ServiceId), ServiceId);
        AtLeast(nameof(ConnectTimeout), ConnectTimeout, 0.001);
        AtLeast(nameof(ResponseTimeout), ResponseTimeout, 16);
        AtLeast(nameof(Deadline), Deadline, 0.001);
    }

    private static void NotEmpty(string name, string? value)
    {
        if (value is not null && string.IsNullOrWhiteSpace(value))
        {
            throw new HunyuanException($"{name} is empty; allowed: some text.");
        }
    }

    private static void AtLeast(string name, TimeSpan value, double seconds)
    {
        if (value.TotalSeconds < seconds || value > TimeSpan.FromDays(1))
        {
            throw new HunyuanException(FormattableString.Invariant($"{name} is {value}; allowed: {seconds} s to one day."));
        }
    }
}
