
namespace HunyuanOrleans.Silo.Clustering;

/// <summary>The state of the one silo of this process, as the membership has it.</summary>
/// <param name="membership">The membership.</param>
/// <param name="silo">The silo.</param>
internal sealed class OrleansSiloState(IClusterMembershipService membership, ILocalSiloDetails silo) : ISiloState
{
    public bool Active => membership.CurrentSnapshot.GetSiloStatus(silo.SiloAddress) == SiloStatus.Active;

    public int ActiveInCluster => membership.CurrentSnapshot.Members.Values.Count(static member => member.Status == SiloStatus.Active);
}
