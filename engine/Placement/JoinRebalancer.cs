namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Moves to silos that are new what is due to them, and nothing else: from those that hold more than their share, at the ends of their
/// ranges. Nothing moves between silos that were there before.
/// </summary>
internal static class JoinRebalancer
{
    /// <summary>Fills the new silos.</summary>
    /// <param name="state">A state where everything is placed.</param>
    /// <param name="isNew">Which silos are new.</param>
    public static void Pull(PlanState state, bool[] isNew)
    {
        double[] shares = AttentionPlacer.Shares(state);
        for (int s = 0; s < state.Silos; s++)
        {
            if (isNew[s])
            {
                PullGroups(state, isNew, shares, s);
            }
        }

        shares = ExpertShares(state, isNew);
        for (int s = 0; s < state.Silos; s++)
        {
            if (isNew[s] && state.Problem.Silos[s].TakesExperts)
            {
                PullExperts(state, isNew, shares, s);
            }
        }
    }

    private static void PullGroups(PlanState state, bool[] isNew, double[] shares, int silo)
    {
        double[] work = state.Problem.GroupWork;
        while (true)
        {
            int best = -1;
            (int Place, double Load) bestScore = default;
            for (int g = 0; g < work.Length; g++)
            {
                int donor = state.GroupOwner[g];
                double load = state.AttentionWork[donor] / shares[donor];
                if (isNew[donor] || load <= (state.AttentionWork[silo] + work[g]) / shares[silo] || !state.CanTakeGroup(silo, g))
                {
                    continue;
                }

                // A range of the new silo grows first; else one begins where two donors meet; else at any end of a donor's range.
                int left = g > 0 ? state.GroupOwner[g - 1] : donor;
                int right = g + 1 < work.Length ? state.GroupOwner[g + 1] : donor;
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
        double[] shares = ProportionalSplit.Fill(work, weights, state.AttentionWork, caps);
        double all = weights.Sum();
        for (int s = 0; s < state.Silos; s++)
        {
            // Experts are many bytes for little work: they do not make up for a layer that could not be divided.
            bool both = isNew[s] && problem.Silos[s].TakesAttention;
            shares[s] = both && all > 0 ? Math.Min(shares[s], work * weights[s] / all) : shares[s];
        }

        return shares;
    }

    private static void PullExperts(PlanState state, bool[] isNew, double[] shares, int silo)
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
