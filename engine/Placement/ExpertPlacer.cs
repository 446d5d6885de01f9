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
    public static void Place(PlanBoard board)
    {
        List<(int Layer, int Expert)> open = Open(board);
        if (open.Count == 0)
        {
            return;
        }

        double[] quota = Quotas(board, open);
        if (board.Layout == ExpertLayout.Stacked)
        {
            StayHome(board, open, quota);
            open = Open(board);
        }

        Deal(board, open, quota);
        PlaceRest(board);
    }

    // What found no place in its turn goes to whoever has time and room, in runs that make no silo the busiest.
    private static void PlaceRest(PlanBoard board)
    {
        double[] speed = board.Problem.Speed;
        double busiest = Enumerable.Range(0, board.Silos).Max(s => speed[s] > 0 ? board.Work(s) / speed[s] : 0);
        int silo = PlanBoard.Nobody;
        foreach ((int layer, int expert) in Open(board))
        {
            double work = board.Problem.ExpertWork[layer][expert];
            bool goesOn = silo != PlanBoard.Nobody && board.CanTakeExpert(silo, layer) && (board.Work(silo) + work) / speed[silo] <= busiest;
            silo = goesOn ? silo : board.LeastLoaded(work, s => board.CanTakeExpert(s, layer));
            board.PlaceExpert(layer, expert, silo);
        }
    }

    private static List<(int Layer, int Expert)> Open(PlanBoard board) =>
        board.Line.FindAll(unit => board.ExpertOwner[unit.Layer][unit.Expert] == PlanBoard.Nobody);

    private static double[] Quotas(PlanBoard board, List<(int Layer, int Expert)> open)
    {
        PlanProblem problem = board.Problem;
        double work = 0;
        double bytes = 0;
        foreach ((int layer, int expert) in open)
        {
            work += problem.ExpertWork[layer][expert];
            bytes += problem.ExpertBytes[layer];
        }

        double[] weights = new double[board.Silos];
        double[] floors = new double[board.Silos];
        double[] caps = new double[board.Silos];
        for (int s = 0; s < board.Silos; s++)
        {
            weights[s] = problem.Silos[s].TakesExperts ? problem.Speed[s] : 0;
            floors[s] = board.Work(s);
            caps[s] = board.Room(s) * (work / bytes);
        }

        return FairShares.Fill(work, weights, floors, caps);
    }

    private static void StayHome(PlanBoard board, List<(int Layer, int Expert)> open, double[] quota)
    {
        foreach ((int layer, int expert) in open)
        {
            int home = board.GroupOwner[layer / board.Problem.Config.ClaFactor];
            double work = board.Problem.ExpertWork[layer][expert];
            if (home != PlanBoard.Nobody && quota[home] >= work / 2 && board.CanTakeExpert(home, layer))
            {
                board.PlaceExpert(layer, expert, home);
                quota[home] -= work;
            }
        }
    }

    private static void Deal(PlanBoard board, List<(int Layer, int Expert)> open, double[] quota)
    {
        double[][] work = board.Problem.ExpertWork;
        int next = 0;
        double carry = 0;
        for (int s = 0; s < board.Silos && next < open.Count; s++)
        {
            double due = quota[s] + carry;
            if (!board.Problem.Silos[s].TakesExperts || due <= 0)
            {
                continue;
            }

            int end = Cut(board, open, next, due, Slack * (board.Work(s) + quota[s]));
            double taken = 0;
            while (next < end && board.CanTakeExpert(s, open[next].Layer))
            {
                (int layer, int expert) = open[next++];
                board.PlaceExpert(layer, expert, s);
                taken += work[layer][expert];
            }

            // What a full silo could not take is not pressed upon the next one.
            carry = next == end ? due - taken : 0;
        }
    }

    // Where the sum comes nearest to what is due; then the nearest end of a row within the slack.
    private static int Cut(PlanBoard board, List<(int Layer, int Expert)> open, int first, double due, double slack)
    {
        double sum = 0;
        int nearest = first;
        double best = due;
        int edge = -1;
        double bestEdge = slack;
        for (int i = first; i < open.Count && sum < due + slack; i++)
        {
            sum += board.Problem.ExpertWork[open[i].Layer][open[i].Expert];
            double miss = Math.Abs(sum - due);
            if (miss < best)
            {
                (best, nearest) = (miss, i + 1);
            }

            if (miss <= bestEdge && (i + 1 == open.Count || Row(board, open[i]) != Row(board, open[i + 1])))
            {
                (bestEdge, edge) = (miss, i + 1);
            }
        }

        return edge >= 0 ? edge : nearest;
    }

    private static int Row(PlanBoard board, (int Layer, int Expert) unit) => board.Layout == ExpertLayout.Stacked ? unit.Layer : unit.Expert;
}
