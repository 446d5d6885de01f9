using HunyuanOrleans.Model;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>
/// Rebuilds the state of a plan from a snapshot, after checking that the snapshot matches the model. It does not check whether the plan is
/// good.
/// </summary>
internal static class PlanRestorer
{
    /// <summary>Returns the state, and the silos with replicas of each expert, [layer][expert].</summary>
    /// <exception cref="ModelException">The snapshot does not match the model, or refers to silos that it does not list.</exception>
    public static (PlanState State, int[][][] ReplicaSilos) Restore(PlanProblem problem, PlanSnapshot snapshot)
    {
        Check(problem, snapshot);
        PlanState state = new(problem, snapshot.Layout);
        int[] siloNumbers = [.. snapshot.Silos.Select(silo => Array.FindIndex(problem.Silos, s => s.Name == silo.Name))];
        for (int group = 0; group < snapshot.GroupSilos.Length; group++)
        {
            state.PlaceGroup(group, siloNumbers[snapshot.GroupSilos[group]]);
        }

        int[][][] replicaSilos = [.. state.ExpertOwner.Select(layer => layer.Select(_ => Array.Empty<int>()).ToArray())];
        for (int layer = 0; layer < snapshot.ExpertSilos.Length; layer++)
        {
            for (int expert = 0; expert < snapshot.ExpertSilos[layer].Length; expert++)
            {
                int[] holders = snapshot.ExpertSilos[layer][expert];
                state.PlaceExpert(layer, expert, siloNumbers[holders[0]]);
                replicaSilos[layer][expert] = [.. holders.Skip(1).Select(holder => siloNumbers[holder])];
            }
        }

        return (state, replicaSilos);
    }

    private static void Check(PlanProblem problem, PlanSnapshot snapshot)
    {
        Require(Enum.IsDefined(snapshot.Layout), $"has layout {(int)snapshot.Layout}", "a named one");
        if (snapshot.ShortfallMessage is not null)
        {
            Require(snapshot is { GroupSilos: [], ExpertSilos: [] }, "does not fit and holds something", "nothing");
            return;
        }

        int[][] experts = [.. problem.ExpertWork.Select(layer => new int[layer.Length])];
        Require(snapshot.GroupSilos.Length == problem.GroupBytes.Length, $"has {snapshot.GroupSilos.Length} CLA groups", $"{problem.GroupBytes.Length}");
        Require(snapshot.ExpertSilos.Length == experts.Length, $"has experts of {snapshot.ExpertSilos.Length} layers", $"{experts.Length}");
        foreach (int silo in snapshot.GroupSilos)
        {
            RequireSilo(snapshot, silo);
        }

        for (int layer = 0; layer < experts.Length; layer++)
        {
            int[][] row = snapshot.ExpertSilos[layer];
            Require(row.Length == experts[layer].Length, $"has {row.Length} experts in layer {layer}", $"{experts[layer].Length}");
            foreach (int[] holders in row)
            {
                Require(holders.Length > 0 && holders.Distinct().Count() == holders.Length, $"has an expert of layer {layer} at no silo, or twice at one", "one holder or more");
                Array.ForEach(holders, silo => RequireSilo(snapshot, silo));
            }
        }
    }

    private static void RequireSilo(PlanSnapshot snapshot, int silo)
        => Require((uint)silo < (uint)snapshot.Silos.Length, $"names silo {silo}", $"0 to {snapshot.Silos.Length - 1}");

    private static void Require(bool holds, string what, string allowed)
    {
        if (!holds)
        {
            throw new ModelException($"The snapshot of a plan {what}; allowed for this model: {allowed}.");
        }
    }
}
