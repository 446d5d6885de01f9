namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// The way from one plan to another within the memory of the silos. A silo holds what both plans place on it until steps take the new plan. Where that
/// is too much, a plan in between moves what there is room for, which frees memory for the rest.
/// </summary>
public static class PlanTransition
{
    /// <summary>Bytes that a silo needs to hold what several plans place on it: weights and required K/V. What plans have in common counts once.</summary>
    /// <param name="silo">Name of the silo.</param>
    /// <param name="plans">Plans of one model that fit, at least one.</param>
    public static long BytesOn(string silo, params IReadOnlyList<PartitionPlan> plans)
    {
        PlanProblem problem = plans[0].Problem;
        long bytes = 0;
        for (int group = 0; group < problem.GroupBytes.Length; group++)
        {
            int layer = group * problem.Config.ClaFactor;
            bytes += plans.Any(plan => plan.AttentionSilo(layer) == silo) ? problem.GroupBytes[group] + problem.KvReserve : 0;
        }

        for (int layer = 0; layer < problem.ExpertWork.Length; layer++)
        {
            for (int expert = 0; expert < problem.ExpertWork[layer].Length; expert++)
            {
                bytes += plans.Any(plan => plan.ExpertSilos(layer, expert).Contains(silo)) ? problem.ExpertBytes[layer] : 0;
            }
        }

        return bytes;
    }

    /// <summary>Names of the silos of the last plan that have too little memory for what all the plans place on them.</summary>
    public static IReadOnlyList<string> Overfull(params IReadOnlyList<PartitionPlan> plans) =>
        [.. plans[^1].Silos.Where(silo => BytesOn(silo.Silo.Name, plans) > silo.Silo.MemoryBytes).Select(static silo => silo.Silo.Name)];

    /// <summary>Finds the plan nearest to a target that silos can load while they hold the current plan.</summary>
    /// <param name="current">The plan that steps take now.</param>
    /// <param name="target">The plan to reach.</param>
    /// <returns>
    /// The target if there is room for all of it; a plan in between that moves a part and needs no replicas; null if nothing can move before something
    /// that the current plan needs is dropped.
    /// </returns>
    public static PartitionPlan? Next(PartitionPlan current, PartitionPlan target)
    {
        if (Overfull(current, target).Count == 0)
        {
            return target;
        }

        PlanProblem problem = target.Problem;
        SiloCapacity[] silos = [.. target.Silos.Concat(current.Silos).Select(static silo => silo.Silo).DistinctBy(static silo => silo.Name)];
        Dictionary<string, int> numbers = silos.Select((silo, s) => (silo.Name, s)).ToDictionary(static p => p.Name, static p => p.s);
        long[] free = [.. silos.Select(silo => silo.MemoryBytes - BytesOn(silo.Name, current))];
        bool hasMoved = false;
        int[][][] experts = [.. problem.ExpertWork.Select((layer, l) => layer.Select((_, e) => PlaceExpert(l, e)).ToArray())];
        int[] groups = [.. problem.GroupBytes.Select((_, group) => PlaceGroup(group))];
        PlanSnapshot between = new() { Silos = silos, Layout = target.Layout, GroupSilos = groups, ExpertSilos = experts };
        return hasMoved ? PartitionPlan.Restore(problem.Config, between, problem.Options with { Previous = current }) : null;

        int PlaceGroup(int group)
        {
            int layer = group * problem.Config.ClaFactor;
            string from = current.AttentionSilo(layer), to = target.AttentionSilo(layer);
            return from != to && TryTake(to, problem.GroupBytes[group] + problem.KvReserve) ? numbers[to] : numbers[from];
        }

        int[] PlaceExpert(int layer, int expert)
        {
            IReadOnlyList<string> from = current.ExpertSilos(layer, expert);
            string to = target.ExpertSilo(layer, expert);
            hasMoved |= from.Count > 1;
            return [from.Contains(to) || TryTake(to, problem.ExpertBytes[layer]) ? numbers[to] : numbers[from[0]]];
        }

        bool TryTake(string silo, long bytes)
        {
            int s = numbers[silo];
            bool fits = free[s] >= bytes;
            free[s] -= fits ? bytes : 0;
            hasMoved |= fits;
            return fits;
        }
    }
}
