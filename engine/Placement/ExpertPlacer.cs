namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Gives experts that nobody holds to silos, so that each silo's whole work follows its speed as far as its memory allows. What is
/// placed already stays; attention must be placed before.
/// </summary>
internal static class ExpertPlacer
{
    // A cut between two silos is moved to the end of a layer or of an expert where that costs at most this part of a silo's time:
    // fewer groups, fewer messages.
    private const double Slack = 0.125;

    /// <summary>Places every expert that is nobody's, as far as there is room.</summary>
    public static void Place(PlanState state)
    {
        List<(int Layer, int Expert)> open = Open(state);
        if (open.Count == 0)
        {
            return;
        }

        double[] quota = Quotas(state, open);
        if (state.Layout == ExpertLayout.Stacked)
        {
            StayHome(state, open, quota);
            open = Open(state);
        }

        Deal(state, open, quota);
        PlaceRest(state);
    }

    // What found no place in its turn goes to whoever has time and room, in runs that make no silo the busiest.
    private static void PlaceRest(PlanState state)
    {
        double[] speed = state.Problem.Speed;
        double busiest = Enumerable.Range(0, state.Silos).Max(s => speed[s] > 0 ? state.Work(s) / speed[s] : 0);
        int silo = PlanState.Unassigned;
        foreach ((int layer, int expert) in Open(state))
        {
            double work = state.Problem.ExpertWork[layer][expert];
            bool goesOn = silo != PlanState.Unassigned && state.CanTakeExpert(silo, layer) && (state.Work(silo) + work) / speed[silo] <= busiest;
            silo = goesOn ? silo : state.LeastLoaded(work, s => state.CanTakeExpert(s, layer));
            state.PlaceExpert(layer, expert, silo);
        }
    }

    private static List<(int Layer, int Expert)> Open(PlanState state) =>
        state.ExpertOrder.FindAll(unit => state.ExpertOwner[unit.Layer][unit.Expert] == PlanState.Unassigned);

    private static double[] Quotas(PlanState state, List<(int Layer, int Expert)> open)
    {
        PlanProblem problem = state.Problem;
        double work = 0;
        double bytes = 0;
        foreach ((int layer, int expert) in open)
        {
            work += problem.ExpertWork[layer][expert];
            bytes += problem.ExpertBytes[layer];
        }

        double[] weights = new double[state.Silos];
        double[] floors = new double[state.Silos];
        double[] caps = new double[state.Silos];
        for (int s = 0; s < state.Silos; s++)
        {
            weights[s] = problem.Silos[s].TakesExperts ? problem.Speed[s] : 0;
            floors[s] = state.Work(s);
            caps[s] = state.FreeBytes(s) * (work / bytes);
        }

        return ProportionalSplit.Fill(work, weights, floors, caps);
    }

    private static void StayHome(PlanState state, List<(int Layer, int Expert)> open, double[] quota)
    {
        foreach ((int layer, int expert) in open)
        {
            int home = state.GroupOwner[layer / state.Problem.Config.ClaFactor];
            double work = state.Problem.ExpertWork[layer][expert];
            if (home != PlanState.Unassigned && quota[home] >= work / 2 && state.CanTakeExpert(home, layer))
            {
                state.PlaceExpert(layer, expert, home);
                quota[home] -= work;
            }
        }
    }

    private static void Deal(PlanState state, List<(int Layer, int Expert)> open, double[] quota)
    {
        double[][] work = state.Problem.ExpertWork;
        int next = 0;
        double carry = 0;
        for (int s = 0; s < state.Silos && next < open.Count; s++)
        {
            double due = quota[s] + carry;
            if (!state.Problem.Silos[s].TakesExperts || due <= 0)
            {
                continue;
            }

            int end = Cut(state, open, next, due, Slack * (state.Work(s) + quota[s]));
            double taken = 0;
            while (next < end && state.CanTakeExpert(s, open[next].Layer))
            {
                (int layer, int expert) = open[next++];
                state.PlaceExpert(layer, expert, s);
                taken += work[layer][expert];
            }

            // What a full silo could not take is not pressed upon the next one.
            carry = next == end ? due - taken : 0;
        }
    }

    // Where the sum comes nearest to what is due; then the nearest end of a row within the slack.
    private static int Cut(PlanState state, List<(int Layer, int Expert)> open, int first, double due, double slack)
    {
        double sum = 0;
        int nearest = first;
        double best = due;
        int edge = -1;
        double bestEdge = slack;
        for (int i = first; i < open.Count && sum < due + slack; i++)
        {
            sum += state.Problem.ExpertWork[open[i].Layer][open[i].Expert];
            double miss = Math.Abs(sum - due);
            if (miss < best)
            {
                (best, nearest) = (miss, i + 1);
            }

            if (miss <= bestEdge && (i + 1 == open.Count || Row(state, open[i]) != Row(state, open[i + 1])))
            {
                (bestEdge, edge) = (miss, i + 1);
            }
        }

        return edge >= 0 ? edge : nearest;
    }

    private static int Row(PlanState state, (int Layer, int Expert) unit) => state.Layout == ExpertLayout.Stacked ? unit.Layer : unit.Expert;
}
