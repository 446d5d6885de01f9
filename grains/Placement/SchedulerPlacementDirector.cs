using HunyuanOrleans.Engine.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>
/// Places a model's scheduler on the first silo by name among those that may hold attention, else among all: every silo chooses the
/// same. What a silo announces may come late; then it counts as one that takes everything.
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
