namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Searches for an assignment that fits, in order of preference: the previous plan adapted to the silos; a new plan with ample K/V memory,
/// unless that costs too much speed; a new plan with the required K/V memory; a new plan balanced by memory instead of speed. New plans
/// take the layout that is predicted to decode faster.
/// </summary>
internal static class PlanSearch
{
    // A plan with ample K/V memory is preferred if its time per token is at most this many times that of a plan without.
    private const double MaxSlowdownForKv = 1.1;

    /// <summary>Returns the state found; if nothing fits, a state with unassigned parts.</summary>
    public static PlanState Find(PlanProblem problem, PartitionPlan? previous)
    {
        PlanProblem ample = problem.WithAmpleKv();
        if (previous is { Fits: true })
        {
            foreach (PlanProblem candidate in new[] { ample, problem })
            {
                if (Adapt(candidate, previous, mayEvict: candidate == problem) is { IsComplete: true } adapted)
                {
                    return adapted.WithProblem(problem);
                }
            }
        }

        PlanState? withAmpleKv = CreateNew(ample);
        PlanState? withRequiredKv = CreateNew(problem);
        if (withAmpleKv is not null && withRequiredKv is not null)
        {
            return (Seconds(withAmpleKv) <= Seconds(withRequiredKv) * MaxSlowdownForKv ? withAmpleKv : withRequiredKv).WithProblem(problem);
        }

        return (withRequiredKv ?? withAmpleKv ?? CreateNew(problem.ByMemory()))?.WithProblem(problem)
            ?? CreateFilled(problem.ByMemory(), ExpertLayout.Stacked);
    }

    private static PlanState? CreateNew(PlanProblem problem)
    {
        PlanState stacked = CreateFilled(problem, ExpertLayout.Stacked);
        PlanState? first = stacked.IsComplete ? stacked : null;
        if (!problem.Config.HasExperts)
        {
            return first;
        }

        PlanState spread = CreateFilled(problem, ExpertLayout.Spread);
        PlanState? second = spread.IsComplete ? spread : null;
        return first is null || (second is not null && Seconds(second) < Seconds(first)) ? second : first;
    }

    private static double Seconds(PlanState state) => new SpeedEstimate(state).Seconds;

    private static PlanState CreateFilled(PlanProblem problem, ExpertLayout layout)
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

        if (state.IsComplete && isNew.Contains(true))
        {
            JoinRebalancer.Rebalance(state, isNew);
        }

        return state;
    }

    // A silo can hold too much after its memory has shrunk or the required K/V has grown. Experts are evicted first, because they move
    // without the K/V of sessions.
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
