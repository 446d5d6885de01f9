namespace HunyuanOrleans.Engine.Placement;

/// <summary>Who holds what while a plan is made. It does not know why. Silos, CLA groups and experts are numbers.</summary>
internal sealed class PlanState
{
    public const int Unassigned = -1;

    private readonly long[] _used;

    public PlanState(PlanProblem problem, ExpertLayout layout)
    {
        Problem = problem;
        Layout = layout;
        _used = new long[problem.Silos.Length];
        AttentionWork = new double[problem.Silos.Length];
        ExpertWork = new double[problem.Silos.Length];
        GroupOwner = new int[problem.GroupBytes.Length];
        Array.Fill(GroupOwner, Unassigned);
        ExpertOwner = [.. problem.ExpertWork.Select(layer => Enumerable.Repeat(Unassigned, layer.Length).ToArray())];
        ExpertOrder = problem.ExpertOrder(layout);
    }

    public PlanProblem Problem { get; }

    public ExpertLayout Layout { get; }

    public List<(int Layer, int Expert)> ExpertOrder { get; }

    public int Silos => _used.Length;

    /// <summary>Silo of each CLA group.</summary>
    public int[] GroupOwner { get; }

    /// <summary>Silo of each expert, [layer][expert]; empty in a layer without experts.</summary>
    public int[][] ExpertOwner { get; }

    /// <summary>Work of the CLA groups on each silo.</summary>
    public double[] AttentionWork { get; }

    /// <summary>Work of the experts on each silo.</summary>
    public double[] ExpertWork { get; }

    public bool Complete => !GroupOwner.Contains(Unassigned) && !ExpertOwner.Any(layer => layer.Contains(Unassigned));

    public double Work(int silo) => AttentionWork[silo] + ExpertWork[silo];

    /// <summary>Bytes a silo has left; negative where it holds too much.</summary>
    public long FreeBytes(int silo) => Problem.Silos[silo].MemoryBytes - _used[silo];

    /// <summary>Bytes a CLA group needs: weights, and the K/V it must have.</summary>
    public long GroupRequiredBytes(int group) => Problem.GroupBytes[group] + Problem.KvReserve;

    public bool CanTakeGroup(int silo, int group) => Problem.Silos[silo].TakesAttention && FreeBytes(silo) >= GroupRequiredBytes(group);

    public bool CanTakeExpert(int silo, int layer) => Problem.Silos[silo].TakesExperts && FreeBytes(silo) >= Problem.ExpertBytes[layer];

    /// <summary>Gives a CLA group to a silo, or to nobody.</summary>
    public void PlaceGroup(int group, int silo)
    {
        int before = GroupOwner[group];
        if (before != Unassigned)
        {
            _used[before] -= GroupRequiredBytes(group);
            AttentionWork[before] -= Problem.GroupWork[group];
        }

        GroupOwner[group] = silo;
        if (silo != Unassigned)
        {
            _used[silo] += GroupRequiredBytes(group);
            AttentionWork[silo] += Problem.GroupWork[group];
        }
    }

    /// <summary>Gives an expert to a silo, or to nobody.</summary>
    public void PlaceExpert(int layer, int expert, int silo)
    {
        int before = ExpertOwner[layer][expert];
        if (before != Unassigned)
        {
            _used[before] -= Problem.ExpertBytes[layer];
            ExpertWork[before] -= Problem.ExpertWork[layer][expert];
        }

        ExpertOwner[layer][expert] = silo;
        if (silo != Unassigned)
        {
            _used[silo] += Problem.ExpertBytes[layer];
            ExpertWork[silo] += Problem.ExpertWork[layer][expert];
        }
    }

    /// <summary>The same placement in another measure of work.</summary>
    public PlanState MeasuredBy(PlanProblem problem)
    {
        PlanState state = new(problem, Layout);
        for (int group = 0; group < GroupOwner.Length; group++)
        {
            state.PlaceGroup(group, GroupOwner[group]);
        }

        foreach ((int layer, int expert) in ExpertOrder)
        {
            state.PlaceExpert(layer, expert, ExpertOwner[layer][expert]);
        }

        return state;
    }

    /// <summary>The silo that has the least to do in its time once it takes <paramref name="work"/> too; nobody where none can.</summary>
    public int LeastLoaded(double work, Func<int, bool> can)
    {
        int best = Unassigned;
        for (int silo = 0; silo < Silos; silo++)
        {
            if (can(silo) && (best == Unassigned || (Work(silo) + work) / Problem.Speed[silo] < (Work(best) + work) / Problem.Speed[best]))
            {
                best = silo;
            }
        }

        return best;
    }
}
