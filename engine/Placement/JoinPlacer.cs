namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Moves to silos that are new what is due to them, and nothing else: from those that hold more than their share, at the ends of their
/// ranges. Nothing moves between silos that were there before.
/// </summary>
internal static class JoinPlacer
{
    /// <summary>Fills the new silos.</summary>
    /// <param name="board">A board where everything is placed.</param>
    /// <param name="isNew">Which silos are new.</param>
    public static void Pull(PlanBoard board, bool[] isNew)
    {
        double[] shares = AttentionPlacer.Shares(board);
        for (int s = 0; s < board.Silos; s++)
        {
            if (isNew[s])
            {
                PullGroups(board, isNew, shares, s);
            }
        }

        shares = ExpertShares(board, isNew);
        for (int s = 0; s < board.Silos; s++)
        {
            if (isNew[s] && board.Problem.Silos[s].TakesExperts)
            {
                PullExperts(board, isNew, shares, s);
            }
        }
    }

    private static void PullGroups(PlanBoard board, bool[] isNew, double[] shares, int silo)
    {
        double[] work = board.Problem.GroupWork;
        while (true)
        {
            int best = -1;
            (int Place, double Load) bestScore = default;
            for (int g = 0; g < work.Length; g++)
            {
                int donor = board.GroupOwner[g];
                double load = board.AttentionWork[donor] / shares[donor];
                if (isNew[donor] || load <= (board.AttentionWork[silo] + work[g]) / shares[silo] || !board.CanTakeGroup(silo, g))
                {
                    continue;
                }

                // A range of the new silo grows first; else one begins where two donors meet; else at any end of a donor's range.
                int left = g > 0 ? board.GroupOwner[g - 1] : donor;
                int right = g + 1 < work.Length ? board.GroupOwner[g + 1] : donor;
                int place = left == silo || right == silo ? 3 : right != donor ? 2 : left != donor || g == 0 || g + 1 == work.Length ? 1 : 0;
                if (best < 0 || (place, load).CompareTo(bestScore) > 0)
                {
                    (best, bestScore) = (g, (place, load));
                }
            }

            if (best < 0)
            {
                return;
            }

            board.PlaceGroup(best, silo);
        }
    }

    private static double[] ExpertShares(PlanBoard board, bool[] isNew)
    {
        PlanProblem problem = board.Problem;
        double work = board.ExpertWork.Sum();
        double bytes = board.Line.Sum(unit => (double)problem.ExpertBytes[unit.Layer]);
        double[] caps = new double[board.Silos];
        for (int s = 0; s < board.Silos; s++)
        {
            caps[s] = bytes > 0 ? board.ExpertWork[s] + (board.Room(s) * (work / bytes)) : 0;
        }

        double[] weights = [.. problem.Silos.Select((silo, s) => silo.TakesExperts ? problem.Speed[s] : 0)];
        double[] shares = FairShares.Fill(work, weights, board.AttentionWork, caps);
        double all = weights.Sum();
        for (int s = 0; s < board.Silos; s++)
        {
            // Experts are many bytes for little work: they do not make up for a layer that could not be divided.
            bool both = isNew[s] && problem.Silos[s].TakesAttention;
            shares[s] = both && all > 0 ? Math.Min(shares[s], work * weights[s] / all) : shares[s];
        }

        return shares;
    }

    private static void PullExperts(PlanBoard board, bool[] isNew, double[] shares, int silo)
    {
        PlanProblem problem = board.Problem;
        if (board.Layout == ExpertLayout.Stacked)
        {
            Take(board.Line.Where(unit => board.GroupOwner[unit.Layer / problem.Config.ClaFactor] == silo));
        }

        foreach (int donor in Enumerable.Range(0, board.Silos).Where(s => !isNew[s]).OrderByDescending(s => board.ExpertWork[s] - shares[s]).ToList())
        {
            Take(board.Line.Where(unit => board.ExpertOwner[unit.Layer][unit.Expert] == donor).Reverse());
        }

        void Take(IEnumerable<(int Layer, int Expert)> units)
        {
            foreach ((int layer, int expert) in units.ToList())
            {
                int donor = board.ExpertOwner[layer][expert];
                double work = problem.ExpertWork[layer][expert];
                if (!isNew[donor] && board.ExpertWork[donor] - shares[donor] >= work / 2 && shares[silo] - board.ExpertWork[silo] >= work / 2
                    && board.CanTakeExpert(silo, layer))
                {
                    board.PlaceExpert(layer, expert, silo);
                }
            }
        }
    }
}
