namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Moves work to new silos from silos that hold more than their share, taking the ends of their ranges. Nothing moves between silos that
/// were in the previous plan.
/// </summary>
internal static class JoinRebalancer
{
    /// <summary>Gives new silos their share.</summary>
    /// <param name="state">A complete state.</param>
    /// <param name="isNew">Which silos are new.</param>
    public static void Rebalance(PlanState state, bool[] isNew)
    {
        double[] shares = AttentionPlacer.TargetWork(state);
        for (int s = 0; s < state.Silos; s++)
        {
            if (isNew[s])
            {
                MoveGroups(state, isNew, shares, s);
            }
        }

        shares = ExpertShares(state, isNew);
        for (int s = 0; s < state.Silos; s++)
        {
            if (isNew[s] && state.Problem.Silos[s].TakesExperts)
            {
                MoveExperts(state, isNew, shares, s);
            }
        }
    }

    private static void MoveGroups(PlanState state, bool[] isNew, double[] shares, int silo)
    {
        double[] work = state.Problem.GroupWork;
        while (true)
        {
            int best = -1;
            (int Preference, double Load) bestScore = default;
            for (int g = 0; g < work.Length; g++)
            {
                int donor = state.GroupOwner[g];
                double load = state.AttentionWork[donor] / shares[donor];
                if (isNew[donor] || load <= (state.AttentionWork[silo] + work[g]) / shares[silo] || !state.CanTakeGroup(silo, g))
                {
                    continue;
                }

                // In order of preference: next to a range of the new silo, where the ranges of two donors meet, at another end of a range.
                int left = g > 0 ? state.GroupOwner[g - 1] : donor;
                int right = g + 1 < work.Length ? state.GroupOwner[g + 1] : donor;
                int preference = left == silo || right == silo ? 3 : right != donor ? 2 : left != donor || g == 0 || g + 1 == work.Length ? 1 : 0;
                if (best < 0 || (preference, load).CompareTo(bestScore) > 0)
                {
                    (best, bestScore) = (g, (preference, load));
                }
            }

            if (best < 0)
            {
                return;
            }

            state.PlaceGroup(best, silo);
        }
    }

    private static double[] ExpertShares(PlanState state, bool[] isNew)
    {
        PlanProblem problem = state.Problem;
        double work = state.ExpertWork.Sum();
        double bytes = state.ExpertOrder.Sum(unit => (double)problem.ExpertBytes[unit.Layer]);
        double[] caps = new double[state.Silos];
        for (int s = 0; s < state.Silos; s++)
        {
            caps[s] = bytes > 0 ? state.ExpertWork[s] + (state.FreeBytes(s) * (work / bytes)) : 0;
        }

        double[] weights = [.. problem.Silos.Select((silo, s) => silo.TakesExperts ? problem.Speed[s] : 0)];
        double[] shares = ProportionalSplit.Split(work, weights, state.AttentionWork, caps);
        double all = weights.Sum();
        for (int s = 0; s < state.Silos; s++)
        {
            // Experts are many bytes for little work, so a new silo with too little attention is not compensated with more experts.
            bool both = isNew[s] && problem.Silos[s].TakesAttention;
            shares[s] = both && all > 0 ? Math.Min(shares[s], work * weights[s] / all) : shares[s];
        }

        return shares;
    }

    private static void MoveExperts(PlanState state, bool[] isNew, double[] shares, int silo)
    {
        PlanProblem problem = state.Problem;
        if (state.Layout == ExpertLayout.Stacked)
        {
            Take(state.ExpertOrder.Where(unit => state.GroupOwner[unit.Layer / problem.Config.ClaFactor] == silo));
        }

        foreach (int donor in Enumerable.Range(0, state.Silos).Where(s => !isNew[s]).OrderByDescending(s => state.ExpertWork[s] - shares[s]).ToList())
        {
            Take(state.ExpertOrder.Where(unit => state.ExpertOwner[unit.Layer][unit.Expert] == donor).Reverse());
        }

        void Take(IEnumerable<(int Layer, int Expert)> units)
        {
            foreach ((int layer, int expert) in units.ToList())
            {
                int donor = state.ExpertOwner[layer][expert];
                double work = problem.ExpertWork[layer][expert];
                if (!isNew[donor] && state.ExpertWork[donor] - shares[donor] >= work / 2 && shares[silo] - state.ExpertWork[silo] >= work / 2
                    && state.CanTakeExpert(silo, layer))
                {
                    state.PlaceExpert(layer, expert, silo);
                }
            }
        }
    }
}
