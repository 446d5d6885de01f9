using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// The silos that a scheduler may plan with: the active members of the cluster, without those that are leaving, do not respond, failed to load
/// their share, or take no part in the model. It does not know plans.
/// </summary>
internal sealed class ClusterView(IGrainFactory grains, IClusterMembershipService membership, SiloAnnouncements announcements, TimeProvider time)
{
    /// <summary>How long a silo that failed to load its share is excluded.</summary>
    private static readonly TimeSpan ExclusionTime = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LeftOutRetry = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Longer than <see cref="ResponseTimeout"/>: what a silo holds counts as lost if its report does not come.</summary>
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(5);

    private readonly HashSet<SiloAddress> _leaving = [];
    private readonly Dictionary<string, long> _excluded = [];
    private readonly HashSet<string> _unresponsive = [];
    private volatile IReadOnlyDictionary<string, string> _leftOut = new Dictionary<string, string>();

    /// <summary>Silos that did not respond.</summary>
    public IReadOnlyCollection<string> Unresponsive => _unresponsive;

    /// <summary>Silos that take no part in the model, with the reason as one line. Thread-safe.</summary>
    public IReadOnlyDictionary<string, string> LeftOut => _leftOut;

    /// <summary>True if silos were left out of the last plan that will soon be usable.</summary>
    public bool AwaitsSilos { get; private set; }

    /// <summary>True if a silo is left out now that may be usable later.</summary>
    public bool HasExcluded => _unresponsive.Count > 0 || _excluded.Count > 0 || AwaitsSilos;

    /// <summary>The time after which a silo that is left out may have become usable although the cluster has not changed; null if none is.</summary>
    public TimeSpan? RetryTime { get; private set; }

    /// <summary>Names of the active silos, in order.</summary>
    public string[] ActiveSilos => SiloNames.Active(membership.CurrentSnapshot);

    /// <summary>Changes of the membership.</summary>
    public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => membership.MembershipUpdates;

    /// <summary>The grain of a silo.</summary>
    public ISiloGrain Silo(string name) => grains.GetGrain<ISiloGrain>(PinnedKey.OfSilo(name).ToString());

    /// <summary>Address of the active silo with a name; null if there is none.</summary>
    public SiloAddress? Find(string name) => Find(name, membership.CurrentSnapshot);

    /// <summary>Names of those of these silos that have left the cluster, or were started again under their name and hold nothing.</summary>
    public string[] Lost(IReadOnlyDictionary<string, SiloAddress?> silos)
    {
        ClusterMembershipSnapshot snapshot = membership.CurrentSnapshot;
        return [.. silos.Where(silo => silo.Value is null || !silo.Value.Equals(Find(silo.Key, snapshot))).Select(static silo => silo.Key)];
    }

    /// <summary>Leaves a silo out as long as it lives. A silo that comes back under its name has another address and counts again.</summary>
    public void MarkLeaving(SiloAddress silo) => _leaving.Add(silo);

    /// <summary>Leaves a silo out for some time.</summary>
    public void ExcludeForAWhile(string silo) => _excluded[silo] = time.GetTimestamp();

    /// <summary>Leaves silos out until the next plan.</summary>
    /// <param name="silos">The reason of each as one line.</param>
    /// <param name="isBrief">True if some of them will soon be usable.</param>
    /// <param name="again">Whether to plan again after a while, also if none is left out.</param>
    public void LeaveOut(IReadOnlyDictionary<string, string> silos, bool isBrief, bool again)
    {
        AwaitsSilos = isBrief;
        RetryTime = silos.Count > 0 || again ? LeftOutRetry : null;
        if (silos.Count > 0)
        {
            _leftOut = new Dictionary<string, string>([.. silos, .. _leftOut.Where(silo => !silos.ContainsKey(silo.Key))]);
        }
    }

    /// <summary>Asks silos, and all that did not respond before, whether they are alive.</summary>
    public async Task ProbeAsync(IEnumerable<string> silos)
    {
        string[] names = [.. silos.Concat(_unresponsive).Distinct()];
        bool[] alive = await Task.WhenAll(names.Select(RespondsAsync));
        for (int i = 0; i < names.Length; i++)
        {
            if (alive[i])
            {
                _unresponsive.Remove(names[i]);
            }
            else
            {
                _unresponsive.Add(names[i]);
            }
        }
    }

    /// <summary>The capacities of the usable silos. Only silos with the same model are usable, because others do not compute the same bits.</summary>
    /// <param name="model">Name of the model.</param>
    public async Task<SiloCapacity[]> CapacitiesAsync(string model)
    {
        ClusterMembershipSnapshot snapshot = membership.CurrentSnapshot;
        string[] active = SiloNames.Active(snapshot);
        _leaving.IntersectWith(active.Select(name => Find(name, snapshot)).OfType<SiloAddress>());
        _unresponsive.IntersectWith(active);
        foreach (string silo in _excluded.Where(e => time.GetElapsedTime(e.Value) > ExclusionTime).Select(static e => e.Key).ToArray())
        {
            _excluded.Remove(silo);
        }

        (string Name, SiloAddress Address)[] candidates =
        [
            .. active.Select(name => (Name: name, Address: Find(name, snapshot)!))
                .Where(silo => !_leaving.Contains(silo.Address) && !_unresponsive.Contains(silo.Name) && !_excluded.ContainsKey(silo.Name)),
        ];
        IReadOnlyDictionary<string, string>?[] announced = await Task.WhenAll(candidates.Select(silo => ReadAsync(silo.Name, silo.Address)));
        for (int i = 0; i < candidates.Length; i++)
        {
            if (announced[i] is null)
            {
                _unresponsive.Add(candidates[i].Name);
            }
        }

        // Which silos share the model is decided when all announcements are here.
        _leftOut = active.Select(name => (Name: name, Difference: Find(name, snapshot) is { } address ? announcements.Difference(model, address) : null))
            .Where(static silo => silo.Difference is not null).ToDictionary(static silo => silo.Name, static silo => silo.Difference!);
        return
        [
            .. candidates.Zip(announced).Where(silo => silo.Second is not null && !_leftOut.ContainsKey(silo.First.Name))
                .Select(static silo => SiloAnnouncement.Read(silo.First.Name, silo.Second!)),
        ];
    }

    /// <summary>Asks silos what they hold of a model. Those that do not respond count as unresponsive from now on.</summary>
    /// <returns>The reports by name of the silo; null for a silo without the model.</returns>
    public async Task<Dictionary<string, HoldingReport?>> ReportsAsync(string model, IEnumerable<string> silos)
    {
        string[] names = [.. silos];
        SiloReport?[] reports = await Task.WhenAll(names.Select(ReportAsync));
        Dictionary<string, HoldingReport?> held = [];
        for (int i = 0; i < names.Length; i++)
        {
            if (reports[i] is { } report)
            {
                held[names[i]] = report.Models.FirstOrDefault(m => m.Model == model);
            }
            else
            {
                _unresponsive.Add(names[i]);
            }
        }

        return held;
    }

    private static SiloAddress? Find(string name, ClusterMembershipSnapshot snapshot) => snapshot.Members.Values
        .Where(m => m.Name == name && m.Status == SiloStatus.Active).Select(static m => m.SiloAddress).MaxBy(static a => a.Generation);

    private async Task<IReadOnlyDictionary<string, string>?> ReadAsync(string name, SiloAddress address)
    {
        if (announcements.Of(address) is { } announced)
        {
            return announced;
        }

        try
        {
            SiloDescription description = await Silo(name).DescribeAsync().WaitAsync(ResponseTimeout, time);
            announcements.Learn(address, description.Announcement);
            return description.Announcement;
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault))
        {
            return null;
        }
    }

    private async Task<SiloReport?> ReportAsync(string name)
    {
        try
        {
            return await Silo(name).ReportAsync().WaitAsync(ReportTimeout, time);
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault))
        {
            return null;
        }
    }

    private async Task<bool> RespondsAsync(string name)
    {
        try
        {
            await Silo(name).PingAsync().WaitAsync(ResponseTimeout, time);
            return true;
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault))
        {
            return false;
        }
    }
}
