using Orleans.Runtime.Placement;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>Places grains on the silo their key names. The plan is in the keys; the director does not know it.</summary>
public sealed class PinnedPlacementDirector(SiloNames silos) : IPlacementDirector
{
    /// <inheritdoc/>
    /// <exception cref="SiloUnavailableException">No such silo is active; who asked has to plan anew.</exception>
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        string name = PinnedKey.Parse(target.GrainIdentity.Key.ToString()!).Silo;
        SiloAddress[] compatible = context.GetCompatibleSilos(target);
        return silos.Find(name) is { } silo && compatible.Contains(silo)
            ? Task.FromResult(silo)
            : throw new SiloUnavailableException($"Silo {name}, which {target.GrainIdentity} is bound to, is not active.");
    }
}
