using HunyuanOrleans.Engine.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>
/// Places a model's scheduler on the first silo, by name, of those that may hold attention layers, or of all silos if there is none. All silos make the
/// same choice. A silo whose metadata has not arrived counts as one that may hold anything.
/// </summary>
public sealed class SchedulerPlacementDirector(IClusterMembershipService membership, ISiloMetadataCache metadata) : IPlacementDirector
{
    /// <inheritdoc/>
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        SiloAddress[] compatible = context.GetCompatibleSilos(target);
        ClusterMembershipSnapshot snapshot = membership.CurrentSnapshot;
        return Task.FromResult(compatible
            .OrderBy(silo => Rank(metadata.GetSiloMetadata(silo)))
            .ThenBy(silo => snapshot.Members.TryGetValue(silo, out ClusterMember? member) ? member.Name : silo.ToString(), StringComparer.Ordinal)
            .First());
    }

    private static int Rank(SiloMetadata? announced) => SiloAnnouncement.RoleOf(announced) switch
    {
        SiloRole.Any or SiloRole.Attention => 0,
        SiloRole.Experts => 1,
        _ => 2,
    };
}
