namespace HunyuanOrleans.Engine.Placement;

/// <summary>Who holds what while a plan is made. It does not know why. Silos, CLA groups and experts are numbers.</summary>
internal sealed class PlanBoard
{
    public const int Nobody = -1;

    private readonly long[] _used;

    public PlanBoard(PlanProblem problem, ExpertLayout layout)
    {
        Problem = problem;
        Layout = layout;
        _used = new long[problem.Silos.Length];
        AttentionWork = new double[problem.Silos.Length];
        ExpertWork = new double[problem.Silos.Length];
        GroupOwner = new int[problem.GroupBytes.Length];
        Array.Fill(GroupOwner, Nobody);
        ExpertOwner = [.. problem.ExpertWork.Select(layer => Enumerable.Repeat(Nobody, layer.Length).ToArray())];
        Line = problem.Line(layout);
    }

    public PlanProblem Problem { get; }

    public ExpertLayout Layout { get; }

    public List<(int Layer, int Expert)> Line { get; }

    public int Silos => _used.Length;

    /// <summary>Silo of each CLA group.</summary>
    public int[] GroupOwner { get; }

    /// <summary>Silo of each expert, [layer][expert]; empty in a layer without experts.</summary>
    public int[][] ExpertOwner { get; }

    /// <summary>Work of the CLA groups on each silo.</summary>
    public double[] AttentionWork { get; }

    /// <summary>Work of the experts on each silo.</summary>
    public double[] ExpertWork { get; }

    public bool Complete => !GroupOwner.Contains(Nobody) && !ExpertOwner.Any(layer => layer.Contains(Nobody));

    public double Work(int silo) => AttentionWork[silo] + ExpertWork[silo];

    /// <summary>Bytes a silo has left; negative where it holds too much.</summary>
    public long Room(int silo) => Problem.Silos[silo].MemoryBytes - _used[silo];

    /// <summary>Bytes a CLA group needs: weights, and the K/V it must have.</summary>
    public long GroupRoom(int group) => Problem.GroupBytes[group] + Problem.KvReserve;

    public bool CanTakeGroup(int silo, int group) => Problem.Silos[silo].TakesAttention && Room(silo) >= GroupRoom(group);

    public bool CanTakeExpert(int silo, int layer) => Problem.Silos[silo].TakesExperts && Room(silo) >= Problem.ExpertBytes[layer];

    /// <summary>Gives a CLA group to a silo, or to nobody.</summary>
    public void PlaceGroup(int group, int silo)
    {
        int before = GroupOwner[group];
        if (before != Nobody)
        {
            _used[before] -= GroupRoom(group);
            AttentionWork[before] -= Problem.GroupWork[group];
        }

        GroupOwner[group] = silo;
        if (silo != Nobody)
        {
            _used[silo] += GroupRoom(group);
            AttentionWork[silo] += Problem.GroupWork[group];
        }
    }

    /// <summary>Gives an expert to a silo, or to nobody.</summary>
    public void PlaceExpert(int layer, int expert, int silo)
    {
        int before = ExpertOwner[layer][expert];
        if (before != Nobody)
        {
            _used[before] -= Problem.ExpertBytes[layer];
            ExpertWork[before] -= Problem.ExpertWork[layer][expert];
        }

        ExpertOwner[layer][expert] = silo;
        if (silo != Nobody)
        {
            _used[silo] += Problem.ExpertBytes[layer];
            ExpertWork[silo] += Problem.ExpertWork[layer][expert];
        }
    }

    /// <summary>The same placement in another measure of work.</summary>
    public PlanBoard MeasuredBy(PlanProblem problem)
    {
        PlanBoard board = new(problem, Layout);
        for (int group = 0; group < GroupOwner.Length; group++)
        {
            board.PlaceGroup(group, GroupOwner[group]);
        }

        foreach ((int layer, int expert) in Line)
        {
            board.PlaceExpert(layer, expert, ExpertOwner[layer][expert]);
        }

        return board;
    }

    /// <summary>The silo that has the least to do in its time once it takes <paramref name="work"/> too; nobody where none can.</summary>
    public int LeastLoaded(double work, Func<int, bool> can)
    {
        int best = Nobody;
        for (int silo = 0; silo < Silos; silo++)
        {
            if (can(silo) && (best == Nobody || (Work(silo) + work) / Problem.Speed[silo] < (Work(best) + work) / Problem.Speed[best]))
            {
                best = silo;
            }
        }

        return best;
    }
}
