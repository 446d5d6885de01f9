namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Puts second and further copies of hot experts where memory is left: an expert with n times its layer's mean load is due about n
/// copies, each on another silo. Copies hold the same weights, so which of them answers changes no bit.
/// </summary>
internal static class ReplicaPlacer
{
    // Below twice the mean a copy costs more K/V room than it saves waiting.
    private const double Hot = 2;

    /// <summary>Silos of the copies beside the owner, [layer][expert].</summary>
    public static int[][][] Place(PlanState state, PartitionPlan? previous)
    {
        PlanProblem problem = state.Problem;
        int[][][] copies = [.. state.ExpertOwner.Select(layer => layer.Select(_ => Array.Empty<int>()).ToArray())];
        if (problem.Options.Load is null)
        {
            return copies;
        }

        double[] work = [.. Enumerable.Range(0, state.Silos).Select(state.Work)];
        long[] room = [.. Enumerable.Range(0, state.Silos).Select(s => (long)(state.FreeBytes(s) * problem.Options.ReplicaShare))];
        foreach ((int layer, int expert) in state.ExpertOrder.Where(Due(problem)).OrderByDescending(u => problem.ExpertWork[u.Layer][u.Expert])
            .ThenBy(u => u.Layer).ThenBy(u => u.Expert))
        {
            double load = problem.ExpertWork[layer][expert];
            List<int> holders = [state.ExpertOwner[layer][expert]];
            for (int wanted = (int)Math.Round(Heat(problem, layer, expert)); holders.Count < wanted;)
            {
                int best = Best(state, previous, layer, expert, holders, work, room);
                if (best == PlanState.Unassigned)
                {
                    break;
                }

                // The holders share the load evenly.
                holders.ForEach(s => work[s] -= load / holders.Count);
                holders.Add(best);
                holders.ForEach(s => work[s] += load / holders.Count);
                room[best] -= problem.ExpertBytes[layer];
            }

            copies[layer][expert] = [.. holders.Skip(1).Order()];
        }

        return copies;
    }

    private static int Best(
        PlanState state, PartitionPlan? previous, int layer, int expert, List<int> holders, double[] work, long[] room)
    {
        PlanProblem problem = state.Problem;
        IReadOnlyList<string> before = previous is { Fits: true } ? previous.ExpertSilos(layer, expert) : [];
        int best = PlanState.Unassigned;
        (bool New, double Time) bestScore = default;
        for (int s = 0; s < state.Silos; s++)
        {
            if (!problem.Silos[s].TakesExperts || room[s] < problem.ExpertBytes[layer] || holders.Contains(s))
            {
                continue;
            }

            // A silo that has the copy already needs to load nothing.
            (bool New, double Time) score = (!before.Contains(problem.Silos[s].Name), work[s] / problem.Speed[s]);
            if (best == PlanState.Unassigned || score.CompareTo(bestScore) < 0)
            {
                (best, bestScore) = (s, score);
            }
        }

        return best;
    }

    private static Func<(int Layer, int Expert), bool> Due(PlanProblem problem) => unit => Heat(problem, unit.Layer, unit.Expert) >= Hot;

    private static double Heat(PlanProblem problem, int layer, int expert) =>
        problem.ExpertProbability[layer][expert] * problem.Config.Experts / problem.Config.TopK(layer);
}
