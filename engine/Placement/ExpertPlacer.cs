namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Assigns unassigned experts to silos, so that the total work of each silo is proportional to its speed as far as its memory allows.
/// Assigned experts stay. Attention must be placed before.
/// </summary>
internal static class ExpertPlacer
{
    // The cut between two silos moves to the end of a layer or of an expert if that costs at most this fraction of a silo's work: it gives
    // fewer groups and so fewer messages.
    private const double CutTolerance = 0.125;

    /// <summary>Assigns every unassigned expert for which there is memory.</summary>
    public static void Place(PlanState state)
    {
        List<(int Layer, int Expert)> unassigned = Unassigned(state);
        if (unassigned.Count == 0)
        {
            return;
        }

        double[] quotas = Quotas(state, unassigned);
        if (state.Layout == ExpertLayout.Stacked)
        {
            PlaceBesideAttention(state, unassigned, quotas);
            unassigned = Unassigned(state);
        }

        Distribute(state, unassigned, quotas);
        PlaceRemaining(state);
    }

    // Experts that the distribution could not place go to the silo with the least work, in runs as long as that silo does not become the
    // busiest.
    private static void PlaceRemaining(PlanState state)
    {
        double[] speed = state.Problem.Speed;
        double busiest = Enumerable.Range(0, state.Silos).Max(s => speed[s] > 0 ? state.Work(s) / speed[s] : 0);
        int silo = PlanState.Unassigned;
        foreach ((int layer, int expert) in Unassigned(state))
        {
            double work = state.Problem.ExpertWork[layer][expert];
            bool continues = silo != PlanState.Unassigned && state.CanTakeExpert(silo, layer) && (state.Work(silo) + work) / speed[silo] <= busiest;
            silo = continues ? silo : state.LeastLoaded(work, s => state.CanTakeExpert(s, layer));
            state.PlaceExpert(layer, expert, silo);
        }
    }

    private static List<(int Layer, int Expert)> Unassigned(PlanState state) =>
        state.ExpertOrder.FindAll(unit => state.ExpertOwner[unit.Layer][unit.Expert] == PlanState.Unassigned);

    private static double[] Quotas(PlanState state, List<(int Layer, int Expert)> unassigned)
    {
        PlanProblem problem = state.Problem;
        double work = 0;
        double bytes = 0;
        foreach ((int layer, int expert) in unassigned)
        {
            work += problem.ExpertWork[layer][expert];
            bytes += problem.ExpertBytes[layer];
        }

        double[] weights = new double[state.Silos];
        double[] existing = new double[state.Silos];
        double[] caps = new double[state.Silos];
        for (int s = 0; s < state.Silos; s++)
        {
            weights[s] = problem.Silos[s].TakesExperts ? problem.Speed[s] : 0;
            existing[s] = state.Work(s);
            caps[s] = state.FreeBytes(s) * (work / bytes);
        }

        return ProportionalSplit.Split(work, weights, existing, caps);
    }

    private static void PlaceBesideAttention(PlanState state, List<(int Layer, int Expert)> unassigned, double[] quotas)
    {
        foreach ((int layer, int expert) in unassigned)
        {
            int owner = state.GroupOwner[layer / state.Problem.Config.ClaFactor];
            double work = state.Problem.ExpertWork[layer][expert];
            if (owner != PlanState.Unassigned && quotas[owner] >= work / 2 && state.CanTakeExpert(owner, layer))
            {
                state.PlaceExpert(layer, expert, owner);
                quotas[owner] -= work;
            }
        }
    }

    private static void Distribute(PlanState state, List<(int Layer, int Expert)> unassigned, double[] quotas)
    {
        double[][] work = state.Problem.ExpertWork;
        int next = 0;
        double carry = 0;
        for (int s = 0; s < state.Silos && next < unassigned.Count; s++)
        {
            double due = quotas[s] + carry;
            if (!state.Problem.Silos[s].TakesExperts || due <= 0)
            {
                continue;
            }

            int end = FindCut(state, unassigned, next, due, CutTolerance * (state.Work(s) + quotas[s]));
            double taken = 0;
            while (next < end && state.CanTakeExpert(s, unassigned[next].Layer))
            {
                (int layer, int expert) = unassigned[next++];
                state.PlaceExpert(layer, expert, s);
                taken += work[layer][expert];
            }

            // Work that a full silo could not take is not added to the quota of the next silo.
            carry = next == end ? due - taken : 0;
        }
    }

    // The end of a silo's run: the end of a row nearest to the due work if one lies within the tolerance, else the nearest expert.
    private static int FindCut(PlanState state, List<(int Layer, int Expert)> unassigned, int first, double due, double tolerance)
    {
        double sum = 0;
        int nearest = first;
        double nearestError = due;
        int rowEnd = -1;
        double rowEndError = tolerance;
        for (int i = first; i < unassigned.Count && sum < due + tolerance; i++)
        {
            sum += state.Problem.ExpertWork[unassigned[i].Layer][unassigned[i].Expert];
            double error = Math.Abs(sum - due);
            if (error < nearestError)
            {
                (nearestError, nearest) = (error, i + 1);
            }

            if (error <= rowEndError && (i + 1 == unassigned.Count || Row(state, unassigned[i]) != Row(state, unassigned[i + 1])))
            {
                (rowEndError, rowEnd) = (error, i + 1);
            }
        }

        return rowEnd >= 0 ? rowEnd : nearest;
    }

    private static int Row(PlanState state, (int Layer, int Expert) unit) => state.Layout == ExpertLayout.Stacked ? unit.Layer : unit.Expert;
}
