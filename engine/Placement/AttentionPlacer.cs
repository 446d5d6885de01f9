namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Gives CLA groups that nobody holds to silos: to each a number that follows its speed, in ranges as long as possible. What is placed
/// already stays. It does not know of experts beyond the time they will take.
/// </summary>
internal static class AttentionPlacer
{
    /// <summary>Work of attention due to each silo, over the whole model.</summary>
    public static double[] Shares(PlanState state)
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

        // Experts that the silos for experts only do not take in their time keep the others busy.
        double rest = both > 0 ? experts - Math.Min(experts, (groups + experts) / all * onlyExperts) : 0;
        double density = groups / problem.GroupBytes.Sum(b => (double)b + problem.KvReserve);
        double[] weights = new double[state.Silos];
        double[] floors = new double[state.Silos];
        double[] caps = new double[state.Silos];
        for (int s = 0; s < state.Silos; s++)
        {
            SiloCapacity silo = problem.Silos[s];
            weights[s] = silo.TakesAttention ? problem.Speed[s] : 0;
            floors[s] = silo.TakesAttention && silo.TakesExperts && both > 0 ? rest * problem.Speed[s] / both : 0;
            caps[s] = silo.MemoryBytes * density;
        }

        return ProportionalSplit.Fill(groups, weights, floors, caps);
    }

    /// <summary>Places every CLA group that is nobody's, as far as there is room.</summary>
    public static void Place(PlanState state)
    {
        int[] counts = Count(state);
        for (int first = 0; first < state.GroupOwner.Length; first++)
        {
            int end = first;
            while (end < state.GroupOwner.Length && state.GroupOwner[end] == PlanState.Unassigned)
            {
                end++;
            }

            LayRun(state, counts, first, end);
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

    // Each group in turn goes to whoever then has the smallest load for its share. First and last group carry the embedding and lm_head:
    // in a plan from nothing they lie with the first and the last silo of the line.
    private static int[] Count(PlanState state)
    {
        double[] shares = Shares(state);
        double[] work = [.. state.AttentionWork];
        long[] room = [.. Enumerable.Range(0, state.Silos).Select(state.FreeBytes)];
        int[] counts = new int[state.Silos];
        bool fresh = state.GroupOwner.All(owner => owner == PlanState.Unassigned);
        if (fresh)
        {
            int first = Array.FindIndex(shares, share => share > 0);
            int last = Array.FindLastIndex(shares, share => share > 0);
            if (first >= 0)
            {
                room[first] -= state.Problem.Sizes.Embedding;
                room[last] -= state.Problem.Sizes.Head;
            }
        }

        for (int group = 0; group < state.GroupOwner.Length; group++)
        {
            if (state.GroupOwner[group] != PlanState.Unassigned)
            {
                continue;
            }

            long bytes = state.GroupRequiredBytes(group) - (fresh && group == 0 ? state.Problem.Sizes.Embedding : 0)
                - (fresh && group == state.GroupOwner.Length - 1 ? state.Problem.Sizes.Head : 0);
            double due = state.Problem.GroupWork[group];
            int best = PlanState.Unassigned;
            for (int s = 0; s < state.Silos; s++)
            {
                if (shares[s] > 0 && room[s] >= bytes
                    && (best == PlanState.Unassigned || (work[s] + due) / shares[s] < (work[best] + due) / shares[best]))
                {
                    best = s;
                }
            }

            if (best != PlanState.Unassigned)
            {
                counts[best]++;
                room[best] -= bytes;
                work[best] += due;
            }
        }

        return counts;
    }

    // Neighbours of the run extend their own ranges first; the others follow in the order of the line.
    private static void LayRun(PlanState state, int[] counts, int first, int end)
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
