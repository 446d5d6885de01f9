using System.Globalization;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>How much memory silos lack for a model, and for which part.</summary>
/// <param name="Bytes">Missing at least; above 0.</param>
/// <param name="Message">The same for people.</param>
internal readonly record struct MemoryShortfall(long Bytes, string Message)
{
    /// <summary>From a state on which not everything found a place.</summary>
    public static MemoryShortfall Of(PlanState state)
    {
        PlanProblem problem = state.Problem;
        long groups = Enumerable.Range(0, state.GroupOwner.Length).Sum(state.GroupRequiredBytes);
        long experts = state.ExpertOrder.Sum(unit => problem.ExpertBytes[unit.Layer]);
        (long Missing, string What)[] limits =
        [
            (groups + experts - Memory(problem, s => s.TakesAttention || s.TakesExperts), "weights and K/V"),
            (groups - Memory(problem, s => s.TakesAttention), "attention, shared experts and K/V, which only some silos take,"),
            (experts - Memory(problem, s => s.TakesExperts), "experts, which only some silos take,"),
        ];
        (long missing, string what) = limits.MaxBy(limit => limit.Missing);
        if (missing > 0)
        {
            long needed = what.StartsWith("weights", StringComparison.Ordinal) ? groups + experts : what[0] == 'a' ? groups : experts;
            return new MemoryShortfall(missing, Text(what, needed, needed - missing, missing));
        }

        long left = Enumerable.Range(0, state.GroupOwner.Length).Where(g => state.GroupOwner[g] == PlanState.Unassigned).Sum(state.GroupRequiredBytes)
            + state.ExpertOrder.Where(u => state.ExpertOwner[u.Layer][u.Expert] == PlanState.Unassigned).Sum(u => problem.ExpertBytes[u.Layer]);
        return new MemoryShortfall(left, string.Create(
            CultureInfo.InvariantCulture,
            $"The silos have enough memory in all, but not in pieces that layers and experts fit into: {left:N0} bytes found no place."));
    }

    private static long Memory(PlanProblem problem, Func<SiloCapacity, bool> takes) => problem.Silos.Where(takes).Sum(s => s.MemoryBytes);

    private static string Text(string what, long needed, long there, long missing) => string.Create(
        CultureInfo.InvariantCulture,
        $"The model does not fit: {what} take {needed:N0} bytes, the silos have {there:N0}; {missing:N0} bytes are missing.");
}
