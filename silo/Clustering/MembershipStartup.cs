using HunyuanOrleans.Silo.Settings;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>
/// Runs before the silo joins: waits until the membership server can be used, and until members of a killed cluster count as gone. Orleans itself
/// gives up at the first failure.
/// </summary>
/// <param name="server">The server of the membership table.</param>
/// <param name="table">Orleans' membership table on that server.</param>
/// <param name="staleMembers">Waits for members that are gone.</param>
/// <param name="options">How long to wait for the server.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class MembershipStartup(
    IMembershipServer server,
    IMembershipTable table,
    StaleMembershipCheck staleMembers,
    IOptions<ClusteringSettings> options,
    TimeProvider time,
    ILogger<MembershipStartup> logger)
    : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan FirstRetryDelay = TimeSpan.FromMilliseconds(100), LongestRetryDelay = TimeSpan.FromSeconds(2);

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(MembershipStartup), ServiceLifecycleStage.First, StartAsync);

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        TimeSpan timeout = TimeSpan.FromSeconds(options.Value.JoinTimeoutSeconds), delay = FirstRetryDelay;
        while (true)
        {
            try
            {
                await server.PrepareAsync(cancellationToken);
                await table.InitializeMembershipTableAsync(tryInitTableVersion: true, cancellationToken);
                await staleMembers.WaitAsync(table, cancellationToken);
                return;
            }
            catch (Exception exception) when (server.IsTransient(exception) && time.GetElapsedTime(began) < timeout)
            {
                if (delay == FirstRetryDelay)
                {
                    LogWaiting(exception.Message, timeout.TotalSeconds);
                }

                await Task.Delay(delay, time, cancellationToken);
                delay = delay * 2 < LongestRetryDelay ? delay * 2 : LongestRetryDelay;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                throw new InvalidOperationException($"The membership's database cannot be used: {exception.Message}", exception);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The membership's database does not answer yet ({Problem}); waiting for up to {Seconds} seconds.")]
    private partial void LogWaiting(string problem, double seconds);
}
