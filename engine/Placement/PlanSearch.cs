namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Finds a state: the plan in force adapted where there is one and that fits, else a new one: with ample room for K/V unless that costs
/// speed, else with what it must have, else by memory instead of speed. Of the two layouts the one predicted to decode faster.
/// </summary>
internal static class PlanSearch
{
    // A plan with ample room for K/V may be this much slower than one without.
    private const double WorthOfKv = 1.1;

    /// <summary>The state found; where nothing fits, one with parts that are nobody's.</summary>
    public static PlanState Find(PlanProblem problem, PartitionPlan? previous)
    {
        PlanProblem ample = problem.WithAmpleKv();
        if (previous is { Fits: true })
        {
            foreach (PlanProblem measure in new[] { ample, problem })
            {
                if (Adapt(measure, previous, mayEvict: measure == problem) is { Complete: true } adapted)
                {
                    return adapted.MeasuredBy(problem);
                }
            }
        }

        PlanState? roomy = Fresh(ample);
        PlanState? quick = Fresh(problem);
        if (roomy is not null && quick is not null)
        {
            return (Seconds(roomy) <= Seconds(quick) * WorthOfKv ? roomy : quick).MeasuredBy(problem);
        }

        return (quick ?? roomy ?? Fresh(problem.ByMemory()))?.MeasuredBy(problem) ?? Filled(problem.ByMemory(), ExpertLayout.Stacked);
    }

    private static PlanState? Fresh(PlanProblem problem)
    {
        PlanState stacked = Filled(problem, ExpertLayout.Stacked);
        PlanState? first = stacked.Complete ? stacked : null;
        if (!problem.Config.HasExperts)
        {
            return first;
        }

        PlanState spread = Filled(problem, ExpertLayout.Spread);
        PlanState? second = spread.Complete ? spread : null;
        return first is null || (second is not null && Seconds(second) < Seconds(first)) ? second : first;
    }

    private static double Seconds(PlanState state) => new SpeedEstimate(state).Seconds;

    private static PlanState Filled(PlanProblem problem, ExpertLayout layout)
    {
        PlanState state = new(problem, layout);
        Fill(state);
        return state;
    }

    private static void Fill(PlanState state)
    {
        AttentionPlacer.Place(state);
        ExpertPlacer.Place(state);
    }

    private static PlanState? Adapt(PlanProblem problem, PartitionPlan previous, bool mayEvict)
    {
        PlanState state = new(problem, previous.Layout);
        Dictionary<string, int> numbers = problem.Silos.Select((silo, s) => (silo.Name, s)).ToDictionary(p => p.Name, p => p.s);
        for (int group = 0; group < state.GroupOwner.Length; group++)
        {
            if (numbers.TryGetValue(previous.AttentionSilo(group * problem.Config.ClaFactor), out int s) && problem.Silos[s].TakesAttention)
            {
                state.PlaceGroup(group, s);
            }
        }

        foreach ((int layer, int expert) in state.ExpertOrder)
        {
            if (numbers.TryGetValue(previous.ExpertSilo(layer, expert), out int s) && problem.Silos[s].TakesExperts)
            {
                state.PlaceExpert(layer, expert, s);
            }
        }

        if (!mayEvict && Enumerable.Range(0, state.Silos).Any(s => state.FreeBytes(s) < 0))
        {
            return null;
        }

        Evict(state);
        Fill(state);
        bool[] isNew = new bool[state.Silos];
        foreach (SiloCapacity silo in problem.Silos)
        {
            isNew[numbers[silo.Name]] = !previous.Silos.Any(s => s.Silo.Name == silo.Name);
        }

        if (state.Complete && isNew.Contains(true))
        {
            JoinRebalancer.Pull(state, isNew);
        }

        return state;
    }

    // A silo whose memory shrank, or a wish for more K/V: experts go first, they move without sessions.
    private static void Evict(PlanState state)
    {
        for (int i = state.ExpertOrder.Count - 1; i >= 0; i--)
        {
            (int layer, int expert) = state.ExpertOrder[i];
            int owner = state.ExpertOwner[layer][expert];
            if (owner != PlanState.Unassigned && state.FreeBytes(owner) < 0)
            {
                state.PlaceExpert(layer, expert, PlanState.Unassigned);
            }
        }

        for (int group = state.GroupOwner.Length - 1; group >= 0; group--)
        {
            int owner = state.GroupOwner[group];
            if (owner != PlanState.Unassigned && state.FreeBytes(owner) < 0)
            {
                state.PlaceGroup(group, PlanState.Unassigned);
            }
        }
    }
}
