using HunyuanOrleans.Engine.Placement;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// Decides which weights of earlier routes a silo keeps while a new plan is loaded: those of a usable route always, others as far as there is memory
/// beside the new plan's. Keys and values in the other weights are lost, and sequences that need them are computed again.
/// </summary>
internal sealed class KeptRoutes
{
    private readonly PartitionPlan _next;
    private readonly Route[] _routes;
    private readonly Dictionary<string, long> _memory;

    /// <summary>Looks at the current route and the one that steps take.</summary>
    /// <param name="state">The routes.</param>
    /// <param name="next">The plan that is loaded next. Silos have the memory for it beside the current route if that is usable.</param>
    public KeptRoutes(RouteState state, PartitionPlan next)
    {
        _next = next;
        _memory = next.Silos.ToDictionary(static silo => silo.Silo.Name, static silo => silo.Silo.MemoryBytes);
        Route? inUse = state.InUse;
        _routes = [.. new[] { state.Current, inUse }.OfType<Route>().Distinct().OrderBy(static route => route.Broken)];
        MustWait = state.IsStepping && inUse is { Broken: false } && inUse != state.Current && _memory.Keys.Any(silo => !KeptOn(silo).Contains(inUse));
    }

    /// <summary>True if a step uses an earlier route that there is no memory for.</summary>
    public bool MustWait { get; }

    /// <summary>Keys of the shards and expert groups on a silo to keep.</summary>
    public string[] KeysOn(string silo) => [.. KeptOn(silo).SelectMany(route => route.HoldersOn(silo)).Distinct()];

    private List<Route> KeptOn(string silo)
    {
        List<Route> kept = [];
        foreach (Route route in _routes)
        {
            if (PlanTransition.BytesOn(silo, [_next, route.Plan, .. kept.Select(static r => r.Plan)]) <= _memory[silo])
            {
                kept.Add(route);
            }
        }

        return kept;
    }
}
