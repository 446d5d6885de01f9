namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// The assignment of CLA groups and experts to silos while a plan is being made, with the memory and work that follow from it. Silos, CLA
/// groups and experts are numbers. The placers decide; the state only records.
/// </summary>
internal sealed class PlanState
{
    /// <summary>The owner of a CLA group or expert that no silo has.</summary>
    public const int Unassigned = -1;

    private readonly long[] _usedBytes;

    /// <summary>Creates a state in which everything is unassigned.</summary>
    public PlanState(PlanProblem problem, ExpertLayout layout)
    {
        Problem = problem;
        Layout = layout;
        _usedBytes = new long[problem.Silos.Length];
        AttentionWork = new double[problem.Silos.Length];
        ExpertWork = new double[problem.Silos.Length];
        GroupOwner = new int[problem.GroupBytes.Length];
        Array.Fill(GroupOwner, Unassigned);
        ExpertOwner = [.. problem.ExpertWork.Select(layer => Enumerable.Repeat(Unassigned, layer.Length).ToArray())];
        ExpertOrder = problem.ExpertOrder(layout);
    }

    public PlanProblem Problem { get; }

    public ExpertLayout Layout { get; }

    /// <summary>All experts in the order in which silos take them.</summary>
    public List<(int Layer, int Expert)> ExpertOrder { get; }

    /// <summary>Number of silos.</summary>
    public int Silos => _usedBytes.Length;

    /// <summary>Silo of each CLA group.</summary>
    public int[] GroupOwner { get; }

    /// <summary>Silo of each expert, [layer][expert]; empty for a layer without experts.</summary>
    public int[][] ExpertOwner { get; }

    /// <summary>Work of the CLA groups on each silo.</summary>
    public double[] AttentionWork { get; }

    /// <summary>Work of the experts on each silo.</summary>
    public double[] ExpertWork { get; }

    /// <summary>True if every CLA group and expert has a silo.</summary>
    public bool IsComplete => !GroupOwner.Contains(Unassigned) && !ExpertOwner.Any(layer => layer.Contains(Unassigned));

    /// <summary>All work on a silo.</summary>
    public double Work(int silo) => AttentionWork[silo] + ExpertWork[silo];

    /// <summary>Bytes that a silo has left; negative if it holds too much.</summary>
    public long FreeBytes(int silo) => Problem.Silos[silo].MemoryBytes - _usedBytes[silo];

    /// <summary>Bytes that a CLA group needs for its weights and its required K/V.</summary>
    public long GroupRequiredBytes(int group) => Problem.GroupBytes[group] + Problem.KvReserve;

    /// <summary>True if the silo's role and memory allow one more CLA group.</summary>
    public bool CanTakeGroup(int silo, int group) => Problem.Silos[silo].TakesAttention && FreeBytes(silo) >= GroupRequiredBytes(group);

    /// <summary>True if the silo's role and memory allow one more expert.</summary>
    public bool CanTakeExpert(int silo, int layer) => Problem.Silos[silo].TakesExperts && FreeBytes(silo) >= Problem.ExpertBytes[layer];

    /// <summary>Silo of a layer's attention.</summary>
    public int AttentionSilo(int layer) => GroupOwner[layer / Problem.Config.ClaFactor];

    /// <summary>True if the experts and shared experts of two layers take the same time: they are of the same sizes, on the same silos and as popular.</summary>
    public bool HasSameFeedForward(int a, int b) =>
        AttentionSilo(a) == AttentionSilo(b) && Problem.ExpertBytes[a] == Problem.ExpertBytes[b] && Problem.Sizes.Shared(a) == Problem.Sizes.Shared(b)
        && Problem.Sizes.ExpertType(a) == Problem.Sizes.ExpertType(b) && Problem.Sizes.SharedType(a) == Problem.Sizes.SharedType(b)
        && Problem.Config.TopK(a) == Problem.Config.TopK(b) && ExpertOwner[a].AsSpan().SequenceEqual(ExpertOwner[b])
        && Problem.ExpertProbability[a].AsSpan().SequenceEqual(Problem.ExpertProbability[b]);

    /// <summary>Assigns a CLA group to a silo, or to <see cref="Unassigned"/>.</summary>
    public void PlaceGroup(int group, int silo)
    {
        int before = GroupOwner[group];
        if (before != Unassigned)
        {
            _usedBytes[before] -= GroupRequiredBytes(group);
            AttentionWork[before] -= Problem.GroupWork[group];
        }

        GroupOwner[group] = silo;
        if (silo != Unassigned)
        {
            _usedBytes[silo] += GroupRequiredBytes(group);
            AttentionWork[silo] += Problem.GroupWork[group];
        }
    }

    /// <summary>Assigns an expert to a silo, or to <see cref="Unassigned"/>.</summary>
    public void PlaceExpert(int layer, int expert, int silo)
    {
        int before = ExpertOwner[layer][expert];
        if (before != Unassigned)
        {
            _usedBytes[before] -= Problem.ExpertBytes[layer];
            ExpertWork[before] -= Problem.ExpertWork[layer][expert];
        }

        ExpertOwner[layer][expert] = silo;
        if (silo != Unassigned)
        {
            _usedBytes[silo] += Problem.ExpertBytes[layer];
            ExpertWork[silo] += Problem.ExpertWork[layer][expert];
        }
    }

    /// <summary>Copies the assignment to a state of another problem, which measures work or memory differently.</summary>
    public PlanState WithProblem(PlanProblem problem)
    {
        PlanState copy = new(problem, Layout);
        for (int group = 0; group < GroupOwner.Length; group++)
        {
            copy.PlaceGroup(group, GroupOwner[group]);
        }

        foreach ((int layer, int expert) in ExpertOrder)
        {
            copy.PlaceExpert(layer, expert, ExpertOwner[layer][expert]);
        }

        return copy;
    }

    /// <summary>
    /// The allowed silo whose work takes the least time with <paramref name="work"/> added; <see cref="Unassigned"/> if none is allowed.
    /// </summary>
    public int LeastLoaded(double work, Func<int, bool> isAllowed)
    {
        int best = Unassigned;
        for (int silo = 0; silo < Silos; silo++)
        {
            if (isAllowed(silo) && (best == Unassigned || (Work(silo) + work) / Problem.Speed[silo] < (Work(best) + work) / Problem.Speed[best]))
            {
                best = silo;
            }
        }

        return best;
    }
}
