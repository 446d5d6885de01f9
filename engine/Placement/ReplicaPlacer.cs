namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Places replicas of hot experts where memory is left: an expert with n times its layer's mean load should be on about n silos. Replicas
/// have the same weights, so it makes no difference to the result which one computes.
/// </summary>
internal static class ReplicaPlacer
{
    // Load relative to the layer's mean. Below twice the mean, a replica costs more K/V memory than the waiting it saves is worth.
    private const double HotThreshold = 2;

    /// <summary>Returns the silos with replicas of each expert, besides its owner, [layer][expert].</summary>
    public static int[][][] Place(PlanState state, HeldParts? held)
    {
        PlanProblem problem = state.Problem;
        int[][][] replicaSilos = [.. state.ExpertOwner.Select(layer => layer.Select(_ => Array.Empty<int>()).ToArray())];
        if (problem.Options.Load is null)
        {
            return replicaSilos;
        }

        double[] work = [.. Enumerable.Range(0, state.Silos).Select(state.Work)];
        long[] freeBytes = [.. Enumerable.Range(0, state.Silos).Select(s => (long)(state.FreeBytes(s) * problem.Options.ReplicaShare))];
        foreach ((int layer, int expert) in state.ExpertOrder.Where(IsHot(problem)).OrderByDescending(u => problem.ExpertWork[u.Layer][u.Expert])
            .ThenBy(u => u.Layer).ThenBy(u => u.Expert))
        {
            double load = problem.ExpertWork[layer][expert];
            List<int> holders = [state.ExpertOwner[layer][expert]];
            for (int wanted = (int)Math.Round(RelativeLoad(problem, layer, expert)); holders.Count < wanted;)
            {
                int best = BestSilo(state, held, layer, expert, holders, work, freeBytes);
                if (best == PlanState.Unassigned)
                {
                    break;
                }

                // All holders of an expert share its load evenly.
                holders.ForEach(s => work[s] -= load / holders.Count);
                holders.Add(best);
                holders.ForEach(s => work[s] += load / holders.Count);
                freeBytes[best] -= problem.ExpertBytes[layer];
            }

            replicaSilos[layer][expert] = [.. holders.Skip(1).Order()];
        }

        return replicaSilos;
    }

    private static int BestSilo(
        PlanState state, HeldParts? held, int layer, int expert, List<int> holders, double[] work, long[] freeBytes)
    {
        PlanProblem problem = state.Problem;
        IReadOnlyList<string> before = held?.ExpertSilos(layer, expert) ?? [];
        int best = PlanState.Unassigned;
        (bool New, double Time) bestScore = default;
        for (int s = 0; s < state.Silos; s++)
        {
            if (!problem.Silos[s].TakesExperts || freeBytes[s] < problem.ExpertBytes[layer] || holders.Contains(s))
            {
                continue;
            }

            // A silo that already has the replica does not need to load it.
            (bool New, double Time) score = (!before.Contains(problem.Silos[s].Name), work[s] / problem.Speed[s]);
            if (best == PlanState.Unassigned || score.CompareTo(bestScore) < 0)
            {
                (best, bestScore) = (s, score);
            }
        }

        return best;
    }

    private static Func<(int Layer, int Expert), bool> IsHot(PlanProblem problem) => unit => RelativeLoad(problem, unit.Layer, unit.Expert) >= HotThreshold;

    private static double RelativeLoad(PlanProblem problem, int layer, int expert) =>
        problem.ExpertProbability[layer][expert] * problem.Config.Experts / problem.Config.TopK(layer);
}
