using System.Collections.Immutable;

namespace Orleans.Runtime;

/// <summary>Tells which silos there are. In the services of every silo, not of clients.</summary>
public interface IClusterMembershipService
{
    /// <summary>The silos now.</summary>
    ClusterMembershipSnapshot CurrentSnapshot { get; }

    /// <summary>The silos now and after every change, without end.</summary>
    IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates { get; }
}

/// <summary>The one membership of the cluster: every silo sees a change at the moment it happens.</summary>
internal sealed class Membership : IClusterMembershipService
{
    private readonly Lock _gate = new();
    private volatile Change _last = new(new(ImmutableDictionary<SiloAddress, ClusterMember>.Empty, default));

    public ClusterMembershipSnapshot CurrentSnapshot => _last.Snapshot;

    public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => new Updates(this);

    public void Set(SiloAddress silo, SiloStatus status, string name)
    {
        lock (_gate)
        {
            var (before, now) = (_last, _last.Snapshot);
            _last = new(new(now.Members.SetItem(silo, new(silo, status, name)), new(now.Version.Value + 1)));
            before.Next.SetResult(_last);
        }
    }

    private sealed record Change(ClusterMembershipSnapshot Snapshot)
    {
        public TaskCompletionSource<Change> Next { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Updates(Membership membership) : IAsyncEnumerable<ClusterMembershipSnapshot>
    {
        public async IAsyncEnumerator<ClusterMembershipSnapshot> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            for (var change = membership._last; ; change = await change.Next.Task.WaitAsync(cancellationToken)) yield return change.Snapshot;
        }
    }
}
