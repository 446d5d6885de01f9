using HunyuanOrleans.Silo.Settings;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>
/// The membership in a PostgreSQL database: creates the tables that Orleans reads, because its packages bring no scripts. It does not create the
/// database itself.
/// </summary>
/// <param name="options">The connection string.</param>
/// <param name="logger">The log.</param>
internal sealed partial class PostgresMembershipServer(IOptions<ClusteringSettings> options, ILogger<PostgresMembershipServer> logger) : IMembershipServer
{
    private const string Script = "PostgresMembershipTables.sql";

    // Silos that start together must not create the tables together. The number is arbitrary, but the same in every silo.
    private const long LockKey = 0x48756E7975616E;

    private const int Queries = 9;

    public bool IsTransient(Exception exception) => exception is NpgsqlException { IsTransient: true };

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = new(options.Value.ConnectionString);
        await connection.OpenAsync(cancellationToken);

        // A user who may not create tables can still use existing ones.
        if (await CountQueriesAsync(connection, cancellationToken) == Queries)
        {
            return;
        }

        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (NpgsqlCommand wait = new("SELECT pg_advisory_xact_lock($1)", connection, transaction) { Parameters = { new() { Value = LockKey } } })
        {
            await wait.ExecuteNonQueryAsync(cancellationToken);
        }

        using StreamReader script = new(typeof(PostgresMembershipServer).Assembly.GetManifestResourceStream(Script)!);
        await using (NpgsqlCommand create = new(await script.ReadToEndAsync(cancellationToken), connection, transaction))
        {
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        LogCreated(connection.Database);
    }

    private static async Task<long> CountQueriesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
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

    [LoggerMessage(Level = LogLevel.Information, Message = "The tables of the membership were created in database {Database}.")]
    private partial void LogCreated(string database);
}
