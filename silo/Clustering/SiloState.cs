namespace HunyuanOrleans.Silo.Clustering;

/// <summary>The state of this silo and the size of its cluster, by the membership service.</summary>
/// <param name="membership">The membership service.</param>
/// <param name="silo">This process's silo.</param>
internal sealed class SiloState(IClusterMembershipService membership, ILocalSiloDetails silo)
{
    /// <summary>True once this silo is active in the cluster.</summary>
    public bool Active => membership.CurrentSnapshot.GetSiloStatus(silo.SiloAddress) == SiloStatus.Active;

    /// <summary>Number of active silos in the cluster, as far as this silo knows.</summary>
    public int ActiveInCluster => membership.CurrentSnapshot.Members.Values.Count(static member => member.Status == SiloStatus.Active);
}
