using HunyuanOrleans.Client.Connecting;
using HunyuanOrleans.Silo.Settings;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>The membership in a Redis database: one connection, shared with Orleans' membership table. Redis needs no tables.</summary>
/// <param name="options">The connection string.</param>
internal sealed class RedisMembershipServer(IOptions<ClusteringSettings> options) : IMembershipServer, IAsyncDisposable
{
    // The first words of errors that Redis replies with while it starts, fails over or is reconfigured.
    private static readonly string[] TransientReplies = ["LOADING", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN", "BUSY"];

    private ConnectionMultiplexer? _connection;

    /// <summary>The connection. It reconnects by itself.</summary>
    public IConnectionMultiplexer Connection =>
        _connection ?? throw new InvalidOperationException("The membership's Redis server is not connected.");

    /// <summary>Reads the connection string of a silo. A password that it lacks comes from <see cref="RedisConfiguration.PasswordVariable"/>.</summary>
    /// <exception cref="ArgumentException">It has an unknown keyword or a wrong value.</exception>
    public static ConfigurationOptions Parse(string connectionString)
    {
        ConfigurationOptions configuration = RedisConfiguration.Parse(connectionString);

        // Otherwise the first connection would fail without a reason, and a wrong password would look like a server that is down.
        configuration.AbortOnConnectFail = true;

        // The caller repeats failed attempts.
        configuration.ConnectRetry = 1;
        return configuration;
    }

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (_connection is not null)
        {
            return;
        }

        ConfigurationOptions configuration = Parse(options.Value.ConnectionString!);
        try
        {
            _connection = await ConnectionMultiplexer.ConnectAsync(configuration).WaitAsync(cancellationToken);
        }
        catch (RedisConnectionException exception) when (exception.FailureType == ConnectionFailureType.UnableToConnect)
        {
            // The library's message advises to change the program's code.
            throw new RedisConnectionException(exception.FailureType, $"There is no connection to {string.Join(", ", configuration.EndPoints)}.", exception);
        }
    }

    public bool IsTransient(Exception exception) => exception switch
    {
        RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure or ConnectionFailureType.ProtocolFailure } => false,
        RedisConnectionException or RedisTimeoutException => true,
        RedisServerException => TransientReplies.Any(reply => exception.Message.StartsWith(reply, StringComparison.Ordinal)),
        _ => false,
    };

    public ValueTask DisposeAsync() => _connection?.DisposeAsync() ?? ValueTask.CompletedTask;
}
