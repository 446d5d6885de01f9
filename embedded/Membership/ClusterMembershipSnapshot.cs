using System.Collections.Immutable;

namespace Orleans.Runtime;

/// <summary>One silo, as the cluster knows it.</summary>
/// <param name="siloAddress">Its address.</param>
/// <param name="status">Its status.</param>
/// <param name="name">Its name.</param>
public sealed class ClusterMember(SiloAddress siloAddress, SiloStatus status, string name)
{
    /// <summary>Its address.</summary>
    public SiloAddress SiloAddress { get; } = siloAddress;

    /// <summary>Its status.</summary>
    public SiloStatus Status { get; } = status;

    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <inheritdoc/>
    public override string ToString() => $"{SiloAddress}/{Name}/{Status}";
}

/// <summary>Counts the changes of the membership.</summary>
/// <param name="Value">The count.</param>
public readonly record struct MembershipVersion(long Value) : IComparable<MembershipVersion>
{
    /// <inheritdoc/>
    public int CompareTo(MembershipVersion other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>All silos there are and were, at one version.</summary>
/// <param name="members">The silos; dead ones too.</param>
/// <param name="version">The version.</param>
public sealed class ClusterMembershipSnapshot(ImmutableDictionary<SiloAddress, ClusterMember> members, MembershipVersion version)
{
    /// <summary>The silos; dead ones too.</summary>
    public ImmutableDictionary<SiloAddress, ClusterMember> Members { get; } = members;

    /// <summary>The version.</summary>
    public MembershipVersion Version { get; } = version;

    /// <summary>The status of a silo; None where it is not known.</summary>
    public SiloStatus GetSiloStatus(SiloAddress silo) => Members.TryGetValue(silo, out var member) ? member.Status : SiloStatus.None;
}
