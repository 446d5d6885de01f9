using HunyuanOrleans.Engine.Placement;
using Orleans.Runtime.Placement;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>
/// Places a model's scheduler on the first silo, by name, of those that may hold attention layers, or of all silos if there is none. A silo that takes no
/// part in the model is never chosen. All silos make the same choice. A silo whose announcement has not arrived counts as one that may hold anything; it
/// is preferred if it is older than every silo known to have the model, because what this silo knows may be its own model alone.
/// </summary>
public sealed class SchedulerPlacementDirector(IClusterMembershipService membership, SiloAnnouncements announcements) : IPlacementDirector
{
    /// <inheritdoc/>
    /// <exception cref="SiloUnavailableException">No silo has the model.</exception>
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        string model = target.GrainIdentity.Key.ToString()!;
        IReadOnlyDictionary<SiloAddress, string> differences = announcements.Differences(model);
        SiloAddress[] candidates = [.. context.GetCompatibleSilos(target).Where(silo => !differences.ContainsKey(silo))];
        int reference = announcements.Reference(model)?.Address.Generation ?? int.MaxValue;
        SiloAddress[] olderUnknown = [.. candidates.Where(silo => announcements.Of(silo) is null && silo.Generation < reference)];
        ClusterMembershipSnapshot snapshot = membership.CurrentSnapshot;
        SiloAddress? chosen = (olderUnknown.Length > 0 ? olderUnknown : candidates)
            .OrderBy(silo => Rank(SiloAnnouncement.RoleOf(announcements.Of(silo))))
            .ThenBy(silo => snapshot.Members.TryGetValue(silo, out ClusterMember? member) ? member.Name : silo.ToString(), StringComparer.Ordinal)
            .FirstOrDefault();
        return chosen is null ? throw new SiloUnavailableException($"No silo with model {model} is active.") : Task.FromResult(chosen);
    }

    private static int Rank(SiloRole role) => role switch
    {
        SiloRole.Any or SiloRole.Attention => 0,
        SiloRole.Experts => 1,
        _ => 2,
    };
}
