using System.Collections.Concurrent;
using HunyuanOrleans.Engine.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>
/// What the active silos announce, as far as it has arrived here, and which of them share a model. Thread-safe. It calls no silo: see
/// <see cref="Execution.ClusterView"/> and <see cref="ModelAgreement"/>.
/// </summary>
public sealed class SiloAnnouncements(
    LocalAnnouncement own, ILocalSiloDetails silo, IClusterMembershipService membership, ISiloMetadataCache metadata)
{
    private readonly ConcurrentDictionary<SiloAddress, IReadOnlyDictionary<string, string>> _learned = new();
    private readonly ConcurrentDictionary<string, Agreement> _agreements = new(StringComparer.Ordinal);
    private volatile ActiveMembers? _active;

    /// <summary>Number of models whose agreement is kept.</summary>
    internal int KeptAgreements => _agreements.Count;

    /// <summary>The announcement of a silo; null until it has arrived.</summary>
    internal IReadOnlyDictionary<string, string>? Of(SiloAddress address) =>
        address.Equals(silo.SiloAddress) ? own.Values
        : metadata.GetSiloMetadata(address)?.Metadata is { } values && SiloAnnouncement.IsComplete(values) ? values
        : _learned.GetValueOrDefault(address);

    /// <summary>Stores an announcement that a silo was asked for, because its metadata has not arrived.</summary>
    internal void Learn(SiloAddress address, IReadOnlyDictionary<string, string> values) => _learned[address] = values;

    /// <summary>The active silos whose announcement has not arrived.</summary>
    internal ClusterMember[] FindUnknown() => [.. Active(membership.CurrentSnapshot).Members.Where(member => Of(member.SiloAddress) is null)];

    /// <summary>The silo whose model counts; see <see cref="ModelMember.Reference"/>. Null if no active silo is known to have the model.</summary>
    internal ModelMember? Reference(string model) => Agree(model).Reference;

    /// <summary>Why an active silo takes no part in a model, as one line; null if it does, or if its announcement has not arrived.</summary>
    internal string? Difference(string model, SiloAddress address) => Differences(model).GetValueOrDefault(address);

    /// <summary>The active silos that take no part in a model, with the reason as one line.</summary>
    internal IReadOnlyDictionary<SiloAddress, string> Differences(string model) => Agree(model).Differences;

    // The result is kept, because placement asks with every call to a stateless grain. That of a name that no silo knows is not: clients can invent any number.
    private Agreement Agree(string model)
    {
        ClusterMembershipSnapshot snapshot = membership.CurrentSnapshot;
        ClusterMember[] known = Array.FindAll(Active(snapshot).Members, member => Of(member.SiloAddress) is not null);
        if (_agreements.TryGetValue(model, out Agreement? kept) && kept.Version == snapshot.Version && kept.Known == known.Length)
        {
            return kept;
        }

        foreach (SiloAddress gone in _learned.Keys.Where(address => !snapshot.Members.ContainsKey(address)))
        {
            _learned.TryRemove(gone, out _);
        }

        ModelMember?[] members = Array.ConvertAll(known, member => Member(model, member));
        ModelMember? reference = ModelMember.Reference([.. members.OfType<ModelMember>()]);
        Dictionary<SiloAddress, string> differences = [];
        for (int i = 0; i < known.Length; i++)
        {
            if (members[i] is not { } member)
            {
                differences.Add(known[i].SiloAddress, "was started without this model");
            }
            else if (ModelMember.Difference(member.Identity, reference!) is { } difference)
            {
                differences.Add(member.Address, difference);
            }
        }

        Agreement agreement = new(snapshot.Version, known.Length, reference, differences);
        if (reference is not null)
        {
            _agreements[model] = agreement;
        }
        else
        {
            _agreements.TryRemove(model, out _);
        }

        return agreement;
    }

    private ModelMember? Member(string model, ClusterMember member)
    {
        IReadOnlyDictionary<string, string>? values = Of(member.SiloAddress);
        return values is not null && SiloAnnouncement.IdentityOf(model, values) is { } identity
            ? new ModelMember(member.Name, member.SiloAddress, SiloAnnouncement.RoleOf(values) != SiloRole.Gateway, identity)
            : null;
    }

    // The membership table keeps dead silos for a long time.
    private ActiveMembers Active(ClusterMembershipSnapshot snapshot)
    {
        ActiveMembers? active = _active;
        return active?.Version == snapshot.Version
            ? active
            : _active = new ActiveMembers(snapshot.Version, [.. snapshot.Members.Values.Where(static member => member.Status == SiloStatus.Active)]);
    }

    private sealed record ActiveMembers(MembershipVersion Version, ClusterMember[] Members);

    /// <summary>Which silos share a model, and the members that this was computed from.</summary>
    private sealed record Agreement(
        MembershipVersion Version, int Known, ModelMember? Reference, IReadOnlyDictionary<SiloAddress, string> Differences);
}
