namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Searches for an assignment that fits, in order of preference: what silos hold adapted to the silos alive; a new plan with ample K/V memory,
/// unless that costs too much speed; a new plan with the required K/V memory; a new plan balanced by memory instead of speed. New plans
/// take the layout that is predicted to decode faster.
/// </summary>
internal static class PlanSearch
{
    // A plan with ample K/V memory is preferred if its time per token is at most this many times that of a plan without.
    private const double MaxSlowdownForKv = 1.1;

    // A silo that reports less than this fraction of its fair share was interrupted while it loaded the share.
    private const double MinShareKept = 0.5;

    /// <summary>Returns the state found; if nothing fits, a state with unassigned parts.</summary>
    public static PlanState Find(PlanProblem problem, HeldParts? held)
    {
        PlanProblem ample = problem.WithAmpleKv();
        if (held is not null)
        {
            foreach (PlanProblem candidate in new[] { ample, problem })
            {
                if (Adapt(candidate, held, mayEvict: candidate == problem) is { IsComplete: true } adapted)
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

    private static PlanState? Adapt(PlanProblem problem, HeldParts held, bool mayEvict)
    {
        PlanState state = new(problem, held.Layout);
        Dictionary<string, int> numbers = problem.Silos.Select((silo, s) => (silo.Name, s)).ToDictionary(p => p.Name, p => p.s);
        for (int group = 0; group < state.GroupOwner.Length; group++)
        {
            if (held.GroupSilo(group) is { } silo && numbers.TryGetValue(silo, out int s) && problem.Silos[s].TakesAttention)
            {
                state.PlaceGroup(group, s);
            }
        }

        foreach ((int layer, int expert) in state.ExpertOrder)
        {
            // If the primary holder is gone, a silo with a replica has nothing to load.
            foreach (string silo in held.ExpertSilos(layer, expert))
            {
                if (numbers.TryGetValue(silo, out int s) && problem.Silos[s].TakesExperts)
                {
                    state.PlaceExpert(layer, expert, s);
                    break;
                }
            }
        }

        if (!mayEvict && Enumerable.Range(0, state.Silos).Any(s => state.FreeBytes(s) < 0))
        {
            return null;
        }

        Evict(state);
        Fill(state);
        if (mayEvict && !state.IsComplete)
        {
            MakeRoomForGroups(state);
            ExpertPlacer.Place(state);
        }

        bool[] isNew = [.. problem.Silos.Select((silo, s) => !held.Knows(silo.Name) || (held.IsReported && HasTooLittle(state, s)))];
        if (state.IsComplete && isNew.Contains(true))
        {
            JoinRebalancer.Rebalance(state, isNew);
        }

        return state;
    }

    // The scheduler may have died while a silo that had joined was loading its share. Such a silo counts as new.
    private static bool HasTooLittle(PlanState state, int silo)
    {
        PlanProblem problem = state.Problem;
        bool Takes(int s) => problem.Silos[s].TakesAttention || problem.Silos[s].TakesExperts;
        double work = Enumerable.Range(0, state.Silos).Sum(state.Work);
        double speed = Enumerable.Range(0, state.Silos).Where(Takes).Sum(s => problem.Speed[s]);
        return Takes(silo) && state.Work(silo) < MinShareKept * work * problem.Speed[silo] / speed;
    }

    // A CLA group is large, so it may find no place although experts leave enough memory free on all silos together. The silo with the most
    // free memory then gives experts away for it.
    private static void MakeRoomForGroups(PlanState state)
    {
        for (int group = 0; group < state.GroupOwner.Length; group++)
        {
            if (state.GroupOwner[group] != PlanState.Unassigned)
            {
                continue;
            }

            int best = Enumerable.Range(0, state.Silos).Where(s => CanMakeRoom(s, group)).OrderByDescending(state.FreeBytes).FirstOrDefault(PlanState.Unassigned);
            if (best == PlanState.Unassigned)
            {
                return;
            }

            for (int i = state.ExpertOrder.Count - 1; i >= 0 && !state.CanTakeGroup(best, group); i--)
            {
                (int layer, int expert) = state.ExpertOrder[i];
                if (state.ExpertOwner[layer][expert] == best)
                {
                    state.PlaceExpert(layer, expert, PlanState.Unassigned);
                }
            }

            state.PlaceGroup(group, best);
        }

        bool CanMakeRoom(int silo, int group) => state.Problem.Silos[silo].TakesAttention && state.FreeBytes(silo)
            + state.ExpertOrder.Where(unit => state.ExpertOwner[unit.Layer][unit.Expert] == silo).Sum(unit => state.Problem.ExpertBytes[unit.Layer])
            >= state.GroupRequiredBytes(group);
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
