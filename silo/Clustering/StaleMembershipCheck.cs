using System.Net;
using HunyuanOrleans.Silo.Settings;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>
/// Delays joining while every recently active member of the membership table is unreachable, as after a cluster was killed as a whole. Orleans probes
/// each such member before it joins and fails when they stay silent; it ignores only members whose last heartbeat was old when it began.
/// </summary>
/// <param name="options">After which silence a member counts as gone, and how long to wait at most.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class StaleMembershipCheck(IOptions<ClusteringSettings> options, TimeProvider time, ILogger<StaleMembershipCheck> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Returns when no member was active recently, when one of them accepts connections, or when the join timeout has passed.</summary>
    /// <param name="table">The membership table, initialised.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async Task WaitAsync(IMembershipTable table, CancellationToken cancellationToken)
    {
        TimeSpan timeout = TimeSpan.FromSeconds(options.Value.JoinTimeoutSeconds);
        long began = time.GetTimestamp();
        for (bool logged = false; time.GetElapsedTime(began) < timeout; logged = true)
        {
            List<IPEndPoint> members = RecentlyActive(await table.ReadAllAsync(cancellationToken));
            if (members.Count == 0 || await AnyAcceptsAsync(members, cancellationToken))
            {
                return;
            }

            if (!logged)
            {
                LogWaiting(members.Count, options.Value.StaleAfterSeconds);
            }

            await Task.Delay(Interval, time, cancellationToken);
        }
    }

    private List<IPEndPoint> RecentlyActive(MembershipTableData table)
    {
        DateTime oldest = time.GetUtcNow().UtcDateTime - TimeSpan.FromSeconds(options.Value.StaleAfterSeconds);
        List<IPEndPoint> members = [];
        foreach ((MembershipEntry entry, _) in table.Members)
        {
            if (entry.Status == SiloStatus.Active && (entry.IAmAliveTime >= oldest || entry.StartTime >= oldest))
            {
                members.Add(entry.SiloAddress.Endpoint);
            }
        }

        return members;
    }

    private static async Task<bool> AnyAcceptsAsync(List<IPEndPoint> members, CancellationToken cancellationToken)
    {
        bool[] accepts = await Task.WhenAll(members.Select(member => EndpointProbe.AcceptsAsync(member, cancellationToken)));
        return accepts.Contains(true);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "{Count} members wrote a heartbeat recently and none accepts connections; joining when their heartbeats are older than {Seconds} seconds.")]
    private partial void LogWaiting(int count, double seconds);
}
