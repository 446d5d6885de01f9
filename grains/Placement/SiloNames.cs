
namespace HunyuanOrleans.Grains.Placement;

/// <summary>The active silos by name. A name that was used again means its latest bearer. Any thread.</summary>
public sealed class SiloNames(IClusterMembershipService membership)
{
    /// <summary>The active silo of a name; null where there is none.</summary>
    public SiloAddress? Find(string name)
    {
        SiloAddress? found = null;
        foreach (ClusterMember member in membership.CurrentSnapshot.Members.Values)
        {
            if (member.Status == SiloStatus.Active && member.Name == name && (found is null || member.SiloAddress.Generation > found.Generation))
            {
                found = member.SiloAddress;
            }
        }

        return found;
    }

    /// <summary>Names of the active silos, in order.</summary>
    public string[] Active() => Active(membership.CurrentSnapshot);

    /// <summary>Names of the silos active in a snapshot, in order.</summary>
    public static string[] Active(ClusterMembershipSnapshot snapshot) =>
        [.. snapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => m.Name).Distinct().Order(StringComparer.Ordinal)];
}
