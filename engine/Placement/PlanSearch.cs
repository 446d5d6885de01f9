namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Finds a board: the plan in force adapted where there is one and that fits, else a new one: with ample room for K/V unless that costs
/// speed, else with what it must have, else by memory instead of speed. Of the two layouts the one predicted to decode faster.
/// </summary>
internal static class PlanSearch
{
    // A plan with ample room for K/V may be this much slower than one without.
    private const double WorthOfKv = 1.1;

    /// <summary>The board found; where nothing fits, one with parts that are nobody's.</summary>
    public static PlanBoard Find(PlanProblem problem, PartitionPlan? previous)
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

        PlanBoard? roomy = Fresh(ample);
        PlanBoard? quick = Fresh(problem);
        if (roomy is not null && quick is not null)
        {
            return (Seconds(roomy) <= Seconds(quick) * WorthOfKv ? roomy : quick).MeasuredBy(problem);
        }

        return (quick ?? roomy ?? Fresh(problem.ByMemory()))?.MeasuredBy(problem) ?? Filled(problem.ByMemory(), ExpertLayout.Stacked);
    }

    private static PlanBoard? Fresh(PlanProblem problem)
    {
        PlanBoard stacked = Filled(problem, ExpertLayout.Stacked);
        PlanBoard? first = stacked.Complete ? stacked : null;
        if (!problem.Config.HasExperts)
        {
            return first;
        }

        PlanBoard spread = Filled(problem, ExpertLayout.Spread);
        PlanBoard? second = spread.Complete ? spread : null;
        return first is null || (second is not null && Seconds(second) < Seconds(first)) ? second : first;
    }

    private static double Seconds(PlanBoard board) => new SpeedEstimate(board).Seconds;

    private static PlanBoard Filled(PlanProblem problem, ExpertLayout layout)
    {
        PlanBoard board = new(problem, layout);
        Fill(board);
        return board;
    }

    private static void Fill(PlanBoard board)
    {
        AttentionPlacer.Place(board);
        ExpertPlacer.Place(board);
    }

    private static PlanBoard? Adapt(PlanProblem problem, PartitionPlan previous, bool mayEvict)
    {
        PlanBoard board = new(problem, previous.Layout);
        Dictionary<string, int> numbers = problem.Silos.Select((silo, s) => (silo.Name, s)).ToDictionary(p => p.Name, p => p.s);
        for (int group = 0; group < board.GroupOwner.Length; group++)
        {
            if (numbers.TryGetValue(previous.AttentionSilo(group * problem.Config.ClaFactor), out int s) && problem.Silos[s].TakesAttention)
            {
                board.PlaceGroup(group, s);
            }
        }

        foreach ((int layer, int expert) in board.Line)
        {
            if (numbers.TryGetValue(previous.ExpertSilo(layer, expert), out int s) && problem.Silos[s].TakesExperts)
            {
                board.PlaceExpert(layer, expert, s);
            }
        }

        if (!mayEvict && Enumerable.Range(0, board.Silos).Any(s => board.Room(s) < 0))
        {
            return null;
        }

        Evict(board);
        Fill(board);
        bool[] isNew = new bool[board.Silos];
        foreach (SiloCapacity silo in problem.Silos)
        {
            isNew[numbers[silo.Name]] = !previous.Silos.Any(s => s.Silo.Name == silo.Name);
        }

        if (board.Complete && isNew.Contains(true))
        {
            JoinPlacer.Pull(board, isNew);
        }

        return board;
    }

    // A silo whose memory shrank, or a wish for more K/V: experts go first, they move without sessions.
    private static void Evict(PlanBoard board)
    {
        for (int i = board.Line.Count - 1; i >= 0; i--)
        {
            (int layer, int expert) = board.Line[i];
            int owner = board.ExpertOwner[layer][expert];
            if (owner != PlanBoard.Nobody && board.Room(owner) < 0)
            {
                board.PlaceExpert(layer, expert, PlanBoard.Nobody);
            }
        }

        for (int group = board.GroupOwner.Length - 1; group >= 0; group--)
        {
            int owner = board.GroupOwner[group];
            if (owner != PlanBoard.Nobody && board.Room(owner) < 0)
            {
                board.PlaceGroup(group, PlanBoard.Nobody);
            }
        }
    }
}
