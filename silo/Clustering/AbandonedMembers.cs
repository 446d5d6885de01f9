using System.Net;
using System.Net.Sockets;
using HunyuanOrleans.Silo.Settings;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>
/// Waits, before the silo joins, while all that the membership knows are members who were alive a moment ago and do not answer: those of a cluster
/// that was killed as a whole. Orleans asks every such member before it joins and gives up when they stay silent; it passes over them only if they
/// were silent for long enough when it began.
/// </summary>
/// <param name="clustering">When a silent member counts as gone, and how long to wait at most.</param>
/// <param name="cluster">Whose members are looked at.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where it says that it waits.</param>
internal sealed partial class AbandonedMembers(
    IOptions<ClusteringSettings> clustering, IOptions<ClusterOptions> cluster, TimeProvider time, ILogger<AbandonedMembers> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500), AnswerTime = TimeSpan.FromSeconds(1);

    /// <summary>Waits while there are such members and no others.</summary>
    /// <param name="connection">The membership's database, with its tables.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task WaitAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        TimeSpan patience = TimeSpan.FromSeconds(clustering.Value.JoinTimeoutSeconds);
        long began = time.GetTimestamp();
        for (bool said = false; time.GetElapsedTime(began) < patience; said = true)
        {
            List<IPEndPoint> members = await FreshAsync(connection, cancellationToken);
            if (members.Count == 0 || (await Task.WhenAll(members.Select(member => AnswersAsync(member, cancellationToken)))).Any(static answers => answers))
            {
                return;
            }

            if (!said)
            {
                LogWaiting(members.Count, clustering.Value.StaleAfterSeconds);
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private async Task<List<IPEndPoint>> FreshAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = new(
            """
            SELECT Address, Port FROM OrleansMembershipTable
            WHERE DeploymentId = $1 AND Status = $2 AND GREATEST(IAmAliveTime, StartTime) >= $3
            """, connection);
        command.Parameters.Add(new() { Value = cluster.Value.ClusterId });
        command.Parameters.Add(new() { Value = (int)SiloStatus.Active });
        command.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime - TimeSpan.FromSeconds(clustering.Value.StaleAfterSeconds) });
        List<IPEndPoint> members = [];
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            members.Add(new(IPAddress.Parse(reader.GetString(0)), reader.GetInt32(1)));
        }

        return members;
    }

    private static async Task<bool> AnswersAsync(IPEndPoint member, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(AnswerTime);
        using Socket socket = new(member.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(member, patience.Token);
            return true;
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Count} members were alive a moment ago and none answers; joining when they have been silent for {Seconds} seconds.")]
    private partial void LogWaiting(int count, double seconds);
}
