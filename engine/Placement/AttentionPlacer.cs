namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Assigns unassigned CLA groups to silos in proportion to their speed, in ranges as long as possible. Assigned groups stay. Of experts it
/// considers only the time that they will take.
/// </summary>
internal static class AttentionPlacer
{
    /// <summary>The attention work that each silo should have, over the whole model.</summary>
    public static double[] TargetWork(PlanState state)
    {
        PlanProblem problem = state.Problem;
        double groups = problem.GroupWork.Sum();
        double experts = problem.ExpertWork.Sum(layer => layer.Sum());
        double both = 0;
        double onlyExperts = 0;
        double all = 0;
        for (int s = 0; s < state.Silos; s++)
        {
            SiloCapacity silo = problem.Silos[s];
            all += silo.TakesAttention || silo.TakesExperts ? problem.Speed[s] : 0;
            both += silo.TakesAttention && silo.TakesExperts ? problem.Speed[s] : 0;
            onlyExperts += silo.TakesAttention ? 0 : silo.TakesExperts ? problem.Speed[s] : 0;
        }

        // Expert work beyond the share of the silos that take only experts falls to the silos that take both.
        double rest = both > 0 ? experts - Math.Min(experts, (groups + experts) / all * onlyExperts) : 0;
        double density = groups / problem.GroupBytes.Sum(b => (double)b + problem.KvReserve);
        double[] weights = new double[state.Silos];
        double[] expertWork = new double[state.Silos];
        double[] caps = new double[state.Silos];
        for (int s = 0; s < state.Silos; s++)
        {
            SiloCapacity silo = problem.Silos[s];
            weights[s] = silo.TakesAttention ? problem.Speed[s] : 0;
            expertWork[s] = silo.TakesAttention && silo.TakesExperts && both > 0 ? rest * problem.Speed[s] / both : 0;
            caps[s] = silo.MemoryBytes * density;
        }

        return ProportionalSplit.Split(groups, weights, expertWork, caps);
    }

    /// <summary>Assigns every unassigned CLA group for which there is memory.</summary>
    public static void Place(PlanState state)
    {
        int[] counts = CountGroups(state);
        for (int first = 0; first < state.GroupOwner.Length; first++)
        {
            int end = first;
            while (end < state.GroupOwner.Length && state.GroupOwner[end] == PlanState.Unassigned)
            {
                end++;
            }

            PlaceRun(state, counts, first, end);
            first = end;
        }

        for (int group = 0; group < state.GroupOwner.Length; group++)
        {
            if (state.GroupOwner[group] == PlanState.Unassigned)
            {
                state.PlaceGroup(group, state.LeastLoaded(state.Problem.GroupWork[group], s => state.CanTakeGroup(s, group)));
            }
        }
    }

    // Number of unassigned groups for each silo: each group in turn goes to the silo with the smallest work relative to its target. The
    // first and the last group carry the embedding and lm_head. In a new plan they go to the first and the last silo in order, whose memory
    // is reduced for them beforehand.
    private static int[] CountGroups(PlanState state)
    {
        double[] target = TargetWork(state);
        double[] work = [.. state.AttentionWork];
        long[] freeBytes = [.. Enumerable.Range(0, state.Silos).Select(state.FreeBytes)];
        int[] counts = new int[state.Silos];
        bool isNew = state.GroupOwner.All(owner => owner == PlanState.Unassigned);
        if (isNew)
        {
            int first = Array.FindIndex(target, share => share > 0);
            int last = Array.FindLastIndex(target, share => share > 0);
            if (first >= 0)
            {
                freeBytes[first] -= state.Problem.Sizes.Embedding;
                freeBytes[last] -= state.Problem.Sizes.Head;
            }
        }

        for (int group = 0; group < state.GroupOwner.Length; group++)
        {
            if (state.GroupOwner[group] != PlanState.Unassigned)
            {
                continue;
            }

            long bytes = state.GroupRequiredBytes(group) - (isNew && group == 0 ? state.Problem.Sizes.Embedding : 0)
                - (isNew && group == state.GroupOwner.Length - 1 ? state.Problem.Sizes.Head : 0);
            double added = state.Problem.GroupWork[group];
            int best = PlanState.Unassigned;
            for (int s = 0; s < state.Silos; s++)
            {
                if (target[s] > 0 && freeBytes[s] >= bytes
                    && (best == PlanState.Unassigned || (work[s] + added) / target[s] < (work[best] + added) / target[best]))
                {
                    best = s;
                }
            }

            if (best != PlanState.Unassigned)
            {
                counts[best]++;
                freeBytes[best] -= bytes;
                work[best] += added;
            }
        }

        return counts;
    }

    // Fills the unassigned groups [first, end): the owners on both sides extend their ranges first, then the other silos in order.
    private static void PlaceRun(PlanState state, int[] counts, int first, int end)
    {
        if (first > 0 && first < end)
        {
            Extend(state.GroupOwner[first - 1], 1);
        }

        if (end < state.GroupOwner.Length && first < end)
        {
            Extend(state.GroupOwner[end], -1);
        }

        for (int s = 0; s < state.Silos && first < end; s++)
        {
            Extend(s, 1);
        }

        void Extend(int silo, int direction)
        {
            while (silo != PlanState.Unassigned && counts[silo] > 0 && first < end)
            {
                int group = direction > 0 ? first : end - 1;
                if (!state.CanTakeGroup(silo, group))
                {
                    return;
                }

                state.PlaceGroup(group, silo);
                counts[silo]--;
                (first, end) = direction > 0 ? (first + 1, end) : (first, end - 1);
            }
        }
    }
}
