
namespace HunyuanOrleans.Grains.Placement;

/// <summary>Finds active silos by name. Of several silos with one name, the latest counts. Thread-safe.</summary>
public sealed class SiloNames(IClusterMembershipService membership)
{
    /// <summary>Address of the active silo with a name; null if there is none.</summary>
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

    /// <summary>Names of the silos that are active in a snapshot, in order.</summary>
    public static string[] Active(ClusterMembershipSnapshot snapshot) =>
        [.. snapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => m.Name).Distinct().Order(StringComparer.Ordinal)];
}
