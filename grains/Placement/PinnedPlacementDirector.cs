using Orleans.Runtime.Placement;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>Places a grain on the silo that its key names.</summary>
public sealed class PinnedPlacementDirector(SiloNames silos) : IPlacementDirector
{
    /// <inheritdoc/>
    /// <exception cref="SiloUnavailableException">No such silo is active: the caller has to plan again.</exception>
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        string name = PinnedKey.Parse(target.GrainIdentity.Key.ToString()!).Silo;
        SiloAddress[] compatible = context.GetCompatibleSilos(target);
        return silos.Find(name) is { } silo && compatible.Contains(silo)
            ? Task.FromResult(silo)
            : throw new SiloUnavailableException($"Silo {name}, which {target.GrainIdentity} is bound to, is not active.");
    }
}
