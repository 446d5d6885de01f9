using HunyuanOrleans.Silo.Settings;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>
/// Before the silo joins: waits for the database, and makes the tables of the membership where they are missing. Orleans' packages bring no
/// scripts. It does not make the database itself.
/// </summary>
/// <param name="options">The connection string, and how long to wait.</param>
/// <param name="abandoned">Waits for members that are gone.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it says that it waits.</param>
internal sealed partial class PostgresMembership(
    IOptions<ClusteringSettings> options, AbandonedMembers abandoned, TimeProvider time, ILogger<PostgresMembership> logger)
    : ILifecycleParticipant<ISiloLifecycle>
{
    // Any number, the same in every silo: silos that start together must not make the tables together.
    private const long LockKey = 0x48756E7975616E;

    private const int Queries = 9;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100), LongestPause = TimeSpan.FromSeconds(2);

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(PostgresMembership), ServiceLifecycleStage.First, EnsureAsync);

    /// <summary>Makes what is missing, and waits until it makes sense to join.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        TimeSpan patience = TimeSpan.FromSeconds(options.Value.JoinTimeoutSeconds), pause = FirstPause;
        while (true)
        {
            try
            {
                await using NpgsqlConnection connection = new(options.Value.ConnectionString);
                await connection.OpenAsync(cancellationToken);
                await CreateAsync(connection, cancellationToken);
                await abandoned.WaitAsync(connection, cancellationToken);
                return;
            }
            catch (NpgsqlException exception) when (exception.IsTransient && time.GetElapsedTime(began) < patience)
            {
                if (pause == FirstPause)
                {
                    LogWaiting(exception.Message, patience.TotalSeconds);
                }

                await Task.Delay(pause, time, cancellationToken);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            catch (NpgsqlException exception)
            {
                throw new InvalidOperationException($"The membership's database cannot be used: {exception.Message}", exception);
            }
        }
    }

    private async Task CreateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // A user without the right to make tables can still use those that are there.
        if (await CountAsync(connection, cancellationToken) == Queries)
        {
            return;
        }

        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (NpgsqlCommand wait = new("SELECT pg_advisory_xact_lock($1)", connection, transaction) { Parameters = { new() { Value = LockKey } } })
        {
            await wait.ExecuteNonQueryAsync(cancellationToken);
        }

        using StreamReader script = new(typeof(PostgresMembership).Assembly.GetManifestResourceStream("PostgresMembership.sql")!);
        await using (NpgsqlCommand create = new(await script.ReadToEndAsync(cancellationToken), connection, transaction))
        {
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        LogCreated(connection.Database);
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string Known = """
            QueryKey IN ('GatewaysQueryKey', 'MembershipReadRowKey', 'MembershipReadAllKey', 'InsertMembershipVersionKey', 'UpdateIAmAlivetimeKey',
            'InsertMembershipKey', 'UpdateMembershipKey', 'DeleteMembershipTableEntriesKey', 'CleanupDefunctSiloEntriesKey')
            """;
        await using NpgsqlCommand exists = new("SELECT to_regclass('orleansquery') IS NOT NULL", connection);
        if (await exists.ExecuteScalarAsync(cancellationToken) is not true)
        {
            return 0;
        }

        await using NpgsqlCommand count = new($"SELECT count(*) FROM OrleansQuery WHERE {Known}", connection);
        return (long)(await count.ExecuteScalarAsync(cancellationToken))!;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The membership's database does not answer yet ({Problem}); waiting for up to {Seconds} seconds.")]
    private partial void LogWaiting(string problem, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "The tables of the membership were made in database {Database}.")]
    private partial void LogCreated(string database);
}
