using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// The silos a scheduler may plan with: those the membership calls active, without those that are leaving, do not answer, or cannot hold what they
/// were given. It does not know plans.
/// </summary>
internal sealed class ClusterView(IGrainFactory grains, IClusterMembershipService membership, ISiloMetadataCache metadata, TimeProvider time)
{
    /// <summary>A silo that failed to load its share is planned with again after so long.</summary>
    private static readonly TimeSpan UnfitTime = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(1);

    private readonly HashSet<SiloAddress> _leaving = [];
    private readonly Dictionary<string, long> _unfit = [];
    private readonly HashSet<string> _silent = [];
    private readonly Dictionary<string, string> _strangers = [];

    /// <summary>Silos that did not answer.</summary>
    public IReadOnlyCollection<string> Silent => _silent;

    /// <summary>Silos that hold the model in another form, with that form.</summary>
    public IReadOnlyDictionary<string, string> Strangers => _strangers;

    /// <summary>True where something is left out that may come back.</summary>
    public bool MayImprove => _silent.Count > 0 || _unfit.Count > 0;

    /// <summary>The grain of a silo.</summary>
    public ISiloGrain Silo(string name) => grains.GetGrain<ISiloGrain>(PinnedKey.OfSilo(name).ToString());

    /// <summary>The active silo of a name now; null where there is none.</summary>
    public SiloAddress? Find(string name) => Find(name, membership.CurrentSnapshot);

    /// <summary>Leaves a silo out for as long as it lives. By its address: one that comes back under its name counts again.</summary>
    public void MarkLeaving(SiloAddress silo) => _leaving.Add(silo);

    /// <summary>Leaves a silo out for a while.</summary>
    public void MarkUnfit(string silo) => _unfit[silo] = time.GetTimestamp();

    /// <summary>Asks silos whether they are there.</summary>
    public async Task ProbeAsync(IEnumerable<string> silos)
    {
        string[] names = [.. silos.Concat(_silent).Distinct()];
        bool[] answers = await Task.WhenAll(names.Select(AnswersAsync));
        for (int i = 0; i < names.Length; i++)
        {
            if (answers[i])
            {
                _silent.Remove(names[i]);
            }
            else
            {
                _silent.Add(names[i]);
            }
        }
    }

    /// <summary>
    /// What the silos can hold that may be planned with now: those with the scheduler's instruction set and form of weights, as the others
    /// cannot give the same bits.
    /// </summary>
    /// <param name="isa">The scheduler's own instruction set.</param>
    /// <param name="model">The model.</param>
    /// <param name="form">The form in which the scheduler's silo holds it.</param>
    public async Task<SiloCapacity[]> CapacitiesAsync(string isa, string model, string form)
    {
        ClusterMembershipSnapshot snapshot = membership.CurrentSnapshot;
        string[] active = SiloNames.Active(snapshot);
        _leaving.IntersectWith(active.Select(name => Find(name, snapshot)).OfType<SiloAddress>());
        _silent.IntersectWith(active);
        foreach (string silo in _unfit.Where(u => time.GetElapsedTime(u.Value) > UnfitTime).Select(static u => u.Key).ToArray())
        {
            _unfit.Remove(silo);
        }

        _strangers.Clear();
        List<SiloCapacity> capacities = [];
        foreach (string name in active.Where(name => !_leaving.Contains(Find(name, snapshot)!) && !_silent.Contains(name) && !_unfit.ContainsKey(name)))
        {
            IReadOnlyDictionary<string, string>? announced = await ReadAsync(name, snapshot);
            if (SiloAnnouncement.FormOf(model, announced) is { } other && other != form)
            {
                _strangers.Add(name, other);
            }
            else if (SiloAnnouncement.Read(name, announced) is { } read && read.Isa == isa)
            {
                capacities.Add(read.Capacity);
            }
        }

        return [.. capacities];
    }

    private static SiloAddress? Find(string name, ClusterMembershipSnapshot snapshot) => snapshot.Members.Values
        .Where(m => m.Name == name && m.Status == SiloStatus.Active).Select(static m => m.SiloAddress).MaxBy(static a => a.Generation);

    private async Task<IReadOnlyDictionary<string, string>?> ReadAsync(string name, ClusterMembershipSnapshot snapshot)
    {
        if (Find(name, snapshot) is { } address && metadata.GetSiloMetadata(address) is { } announced && SiloAnnouncement.Read(name, announced) is not null)
        {
            return announced.Metadata;
        }

        try
        {
            SiloDescription description = await Silo(name).DescribeAsync().WaitAsync(AnswerTime, time);
            return description.Announcement;
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault))
        {
            _silent.Add(name);
            return null;
        }
    }

    private async Task<bool> AnswersAsync(string name)
    {
        try
        {
            await Silo(name).PingAsync().WaitAsync(AnswerTime, time);
            return true;
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault))
        {
            return false;
        }
    }
}
