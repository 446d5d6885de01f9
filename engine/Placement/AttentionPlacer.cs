namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Gives CLA groups that nobody holds to silos: to each a number that follows its speed, in ranges as long as possible. What is placed
/// already stays. It does not know of experts beyond the time they will take.
/// </summary>
internal static class AttentionPlacer
{
    /// <summary>Work of attention due to each silo, over the whole model.</summary>
    public static double[] Shares(PlanBoard board)
    {
        PlanProblem problem = board.Problem;
        double groups = problem.GroupWork.Sum();
        double experts = problem.ExpertWork.Sum(layer => layer.Sum());
        double both = 0;
        double onlyExperts = 0;
        double all = 0;
        for (int s = 0; s < board.Silos; s++)
        {
            SiloCapacity silo = problem.Silos[s];
            all += silo.TakesAttention || silo.TakesExperts ? problem.Speed[s] : 0;
            both += silo.TakesAttention && silo.TakesExperts ? problem.Speed[s] : 0;
            onlyExperts += silo.TakesAttention ? 0 : silo.TakesExperts ? problem.Speed[s] : 0;
        }

        // Experts that the silos for experts only do not take in their time keep the others busy.
        double rest = both > 0 ? experts - Math.Min(experts, (groups + experts) / all * onlyExperts) : 0;
        double density = groups / problem.GroupBytes.Sum(b => (double)b + problem.KvReserve);
        double[] weights = new double[board.Silos];
        double[] floors = new double[board.Silos];
        double[] caps = new double[board.Silos];
        for (int s = 0; s < board.Silos; s++)
        {
            SiloCapacity silo = problem.Silos[s];
            weights[s] = silo.TakesAttention ? problem.Speed[s] : 0;
            floors[s] = silo.TakesAttention && silo.TakesExperts && both > 0 ? rest * problem.Speed[s] / both : 0;
            caps[s] = silo.MemoryBytes * density;
        }

        return FairShares.Fill(groups, weights, floors, caps);
    }

    /// <summary>Places every CLA group that is nobody's, as far as there is room.</summary>
    public static void Place(PlanBoard board)
    {
        int[] counts = Count(board);
        for (int first = 0; first < board.GroupOwner.Length; first++)
        {
            int end = first;
            while (end < board.GroupOwner.Length && board.GroupOwner[end] == PlanBoard.Nobody)
            {
                end++;
            }

            LayRun(board, counts, first, end);
            first = end;
        }

        for (int group = 0; group < board.GroupOwner.Length; group++)
        {
            if (board.GroupOwner[group] == PlanBoard.Nobody)
            {
                board.PlaceGroup(group, board.LeastLoaded(board.Problem.GroupWork[group], s => board.CanTakeGroup(s, group)));
            }
        }
    }

    // Each group in turn goes to whoever then has the smallest load for its share. First and last group carry the embedding and lm_head:
    // in a plan from nothing they lie with the first and the last silo of the line.
    private static int[] Count(PlanBoard board)
    {
        double[] shares = Shares(board);
        double[] work = [.. board.AttentionWork];
        long[] room = [.. Enumerable.Range(0, board.Silos).Select(board.Room)];
        int[] counts = new int[board.Silos];
        bool fresh = board.GroupOwner.All(owner => owner == PlanBoard.Nobody);
        if (fresh)
        {
            int first = Array.FindIndex(shares, share => share > 0);
            int last = Array.FindLastIndex(shares, share => share > 0);
            if (first >= 0)
            {
                room[first] -= board.Problem.Sizes.Embedding;
                room[last] -= board.Problem.Sizes.Head;
            }
        }

        for (int group = 0; group < board.GroupOwner.Length; group++)
        {
            if (board.GroupOwner[group] != PlanBoard.Nobody)
            {
                continue;
            }

            long bytes = board.GroupRoom(group) - (fresh && group == 0 ? board.Problem.Sizes.Embedding : 0)
                - (fresh && group == board.GroupOwner.Length - 1 ? board.Problem.Sizes.Head : 0);
            double due = board.Problem.GroupWork[group];
            int best = PlanBoard.Nobody;
            for (int s = 0; s < board.Silos; s++)
            {
                if (shares[s] > 0 && room[s] >= bytes
                    && (best == PlanBoard.Nobody || (work[s] + due) / shares[s] < (work[best] + due) / shares[best]))
                {
                    best = s;
                }
            }

            if (best != PlanBoard.Nobody)
            {
                counts[best]++;
                room[best] -= bytes;
                work[best] += due;
            }
        }

        return counts;
    }

    // Neighbours of the run extend their own ranges first; the others follow in the order of the line.
    private static void LayRun(PlanBoard board, int[] counts, int first, int end)
    {
        if (first > 0 && first < end)
        {
            Extend(board.GroupOwner[first - 1], 1);
        }

        if (end < board.GroupOwner.Length && first < end)
        {
            Extend(board.GroupOwner[end], -1);
        }

        for (int s = 0; s < board.Silos && first < end; s++)
        {
            Extend(s, 1);
        }

        void Extend(int silo, int direction)
        {
            while (silo != PlanBoard.Nobody && counts[silo] > 0 && first < end)
            {
                int group = direction > 0 ? first : end - 1;
                if (!board.CanTakeGroup(silo, group))
                {
                    return;
                }

                board.PlaceGroup(group, silo);
                counts[silo]--;
                (first, end) = direction > 0 ? (first + 1, end) : (first, end - 1);
            }
        }
    }
}
