using HunyuanOrleans.Silo.Hosting;
using HunyuanOrleans.Silo.Settings;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Silo.Clustering;

/// <summary>
/// Refuses to become active while another silo of the same name is alive: keys of grains name their silo, so each would get calls for the other one. A
/// silo that restarts finds its own old entry in the membership; that one no longer accepts connections.
/// </summary>
/// <param name="table">Orleans' membership table.</param>
/// <param name="silo">This silo.</param>
/// <param name="options">After which silence a member counts as gone.</param>
/// <param name="time">The clock.</param>
internal sealed class NameCheck(IMembershipTable table, ILocalSiloDetails silo, IOptions<ClusteringSettings> options, TimeProvider time)
    : ILifecycleParticipant<ISiloLifecycle>
{
    // Right before Orleans writes this silo into the table: with localhost clustering, the table is on another silo and cannot be read much earlier.
    private const int BeforeJoining = ServiceLifecycleStage.AfterRuntimeGrainServices - 1;

    // Of two silos that start together, each has written itself into the table by now, so at least one sees the other. The younger one ends if it sees the
    // elder. The elder waits for what becomes of the younger: if that has looked before the elder joined, it becomes active, and the elder ends.
    private const int BeforeActive = ServiceLifecycleStage.ValidateInitialConnectivity - 1;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public void Participate(ISiloLifecycle lifecycle)
    {
        lifecycle.Subscribe(nameof(NameCheck), BeforeJoining, CheckAsync);
        lifecycle.Subscribe(nameof(NameCheck), BeforeActive, CheckAsync);
    }

    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        TimeSpan longest = TimeSpan.FromSeconds(options.Value.JoinTimeoutSeconds);
        while (await FindAsync(cancellationToken) is { } other)
        {
            if (other.Status == SiloStatus.Active || IsElder(other.SiloAddress) || time.GetElapsedTime(began) >= longest)
            {
                throw new SiloStartException(
                    $"A silo named {silo.Name} is running already at {other.SiloAddress.Endpoint}; allowed: a name (--name) that no other silo of cluster {options.Value.ClusterId} has.");
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    // The living silo of the same name, if any; of several one that keeps the name, if any.
    private async Task<MembershipEntry?> FindAsync(CancellationToken cancellationToken)
    {
        DateTime oldest = time.GetUtcNow().UtcDateTime - TimeSpan.FromSeconds(options.Value.StaleAfterSeconds);
        MembershipEntry? younger = null;
        foreach ((MembershipEntry entry, _) in (await table.ReadAllAsync(cancellationToken)).Members)
        {
            bool lives = entry.Status is SiloStatus.Active or SiloStatus.Joining && (entry.IAmAliveTime >= oldest || entry.StartTime >= oldest);
            if (lives && entry.SiloName == silo.Name && !IsHere(entry.SiloAddress) && await EndpointProbe.AcceptsAsync(entry.SiloAddress.Endpoint, cancellationToken))
            {
                if (entry.Status == SiloStatus.Active || IsElder(entry.SiloAddress))
                {
                    return entry;
                }

                younger = entry;
            }
        }

        return younger;
    }

    // A silo at this endpoint is this process, or one that ended: nothing else listens there.
    private bool IsHere(SiloAddress other) => other.Endpoint.Equals(silo.SiloAddress.Endpoint);

    private bool IsElder(SiloAddress other) => other.Generation < silo.SiloAddress.Generation
        || (other.Generation == silo.SiloAddress.Generation && string.CompareOrdinal(other.ToString(), silo.SiloAddress.ToString()) < 0);
}
