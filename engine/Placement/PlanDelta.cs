namespace HunyuanOrleans.Engine.Placement;

/// <summary>What silos must load when a plan replaces another. What they may unload follows from the two plans.</summary>
/// <param name="Moves">The moves, ordered by silo, then attention before experts, then layer and expert.</param>
public sealed record PlanDelta(IReadOnlyList<PlanMove> Moves)
{
    /// <summary>Total bytes of weights to load.</summary>
    public long Bytes { get; } = Moves.Sum(move => move.Bytes);

    /// <summary>Compares a plan with what silos hold.</summary>
    /// <param name="before">What silos hold; null for nothing.</param>
    /// <param name="after">The new plan, which must fit.</param>
    internal static PlanDelta Between(HeldParts? before, PartitionPlan after)
    {
        PlanProblem problem = after.Problem;
        List<PlanMove> moves = [];
        int claFactor = problem.Config.ClaFactor;
        foreach (SiloPlan silo in after.Silos)
        {
            string to = silo.Silo.Name;
            var groups = silo.Attention.SelectMany(range => Enumerable.Range(range.FirstLayer, range.Layers))
                .Where(layer => before?.GroupSilo(layer / claFactor) != to).GroupBy(layer => before?.GroupSilo(layer / claFactor));
            foreach (var from in groups.OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                HashSet<int> layers = [.. from];
                moves.AddRange(RangeCover.Layers(problem.Config.Layers, layers.Contains)
                    .Select(range => new PlanMove(from.Key, to, range, null, after.AttentionBytes(range))));
            }

            var experts = silo.Experts.Concat(silo.Replicas).SelectMany(Cells)
                .Where(cell => before is null || !before.ExpertSilos(cell.Layer, cell.Expert).Contains(to))
                .GroupBy(cell => before?.ExpertSilos(cell.Layer, cell.Expert).FirstOrDefault());
            foreach (var from in experts.OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                HashSet<(int, int)> cells = [.. from];
                moves.AddRange(RangeCover.Experts(problem.Config.Layers, problem.Config.Experts, (l, e) => cells.Contains((l, e)))
                    .Select(range => new PlanMove(from.Key, to, null, range, after.ExpertBytes(range))));
            }
        }

        return new PlanDelta(moves);
    }

    private static IEnumerable<(int Layer, int Expert)> Cells(ExpertRange range) =>
        from layer in Enumerable.Range(range.FirstLayer, range.Layers)
        from expert in Enumerable.Range(range.FirstExpert, range.Experts)
        select (layer, expert);
}
