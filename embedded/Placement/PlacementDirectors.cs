namespace Orleans.Runtime.Placement;

/// <summary>The directors of the built-in strategies: the hint if there is one, else what the strategy says.</summary>
internal abstract class BuiltInDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        return Task.FromResult(IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) ?? Choose(silos, target, context));
    }

    protected abstract SiloAddress Choose(SiloAddress[] silos, PlacementTarget target, IPlacementContext context);
}

internal sealed class RandomDirector : BuiltInDirector
{
    protected override SiloAddress Choose(SiloAddress[] silos, PlacementTarget target, IPlacementContext context) =>
        silos[Random.Shared.Next(silos.Length)];
}

internal sealed class PreferLocalDirector : BuiltInDirector
{
    protected override SiloAddress Choose(SiloAddress[] silos, PlacementTarget target, IPlacementContext context) =>
        silos.Contains(context.LocalSilo) ? context.LocalSilo : silos[Random.Shared.Next(silos.Length)];
}

internal sealed class HashDirector : BuiltInDirector
{
    protected override SiloAddress Choose(SiloAddress[] silos, PlacementTarget target, IPlacementContext context)
    {
        // FNV-1a, so that the choice is the same in every run.
        var hash = 2166136261u;
        foreach (var c in target.GrainIdentity.ToString()) hash = (hash ^ c) * 16777619u;
        return silos[hash % (uint)silos.Length];
    }
}
