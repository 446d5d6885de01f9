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
    public static int[][][] Place(PlanBoard board, PartitionPlan? previous)
    {
        PlanProblem problem = board.Problem;
        int[][][] copies = [.. board.ExpertOwner.Select(layer => layer.Select(_ => Array.Empty<int>()).ToArray())];
        if (problem.Options.Load is null)
        {
            return copies;
        }

        double[] work = [.. Enumerable.Range(0, board.Silos).Select(board.Work)];
        long[] room = [.. Enumerable.Range(0, board.Silos).Select(s => (long)(board.Room(s) * problem.Options.ReplicaShare))];
        foreach ((int layer, int expert) in board.Line.Where(Due(problem)).OrderByDescending(u => problem.ExpertWork[u.Layer][u.Expert])
            .ThenBy(u => u.Layer).ThenBy(u => u.Expert))
        {
            double load = problem.ExpertWork[layer][expert];
            List<int> holders = [board.ExpertOwner[layer][expert]];
            for (int wanted = (int)Math.Round(Heat(problem, layer, expert)); holders.Count < wanted;)
            {
                int best = Best(board, previous, layer, expert, holders, work, room);
                if (best == PlanBoard.Nobody)
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
        PlanBoard board, PartitionPlan? previous, int layer, int expert, List<int> holders, double[] work, long[] room)
    {
        PlanProblem problem = board.Problem;
        IReadOnlyList<string> before = previous is { Fits: true } ? previous.ExpertSilos(layer, expert) : [];
        int best = PlanBoard.Nobody;
        (bool New, double Time) bestScore = default;
        for (int s = 0; s < board.Silos; s++)
        {
            if (!problem.Silos[s].TakesExperts || room[s] < problem.ExpertBytes[layer] || holders.Contains(s))
            {
                continue;
            }

            // A silo that has the copy already needs to load nothing.
            (bool New, double Time) score = (!before.Contains(problem.Silos[s].Name), work[s] / problem.Speed[s]);
            if (best == PlanBoard.Nobody || score.CompareTo(bestScore) < 0)
            {
                (best, bestScore) = (s, score);
            }
        }

        return best;
    }

    private static Func<(int Layer, int Expert), bool> Due(PlanProblem problem) => unit => Heat(problem, unit.Layer, unit.Expert) >= Hot;

    private static double Heat(PlanProblem problem, int layer, int expert) =>
        problem.Chance[layer][expert] * problem.Config.Experts / problem.Config.TopK(layer);
}
