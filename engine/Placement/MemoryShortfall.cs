using System.Globalization;

namespace HunyuanOrleans.Engine.Placement;

/// <summary>How much memory the silos lack for a model, and for which part of it.</summary>
/// <param name="Bytes">Lower bound of the missing bytes, above 0.</param>
/// <param name="Message">The shortfall as a sentence for users.</param>
internal readonly record struct MemoryShortfall(long Bytes, string Message)
{
    /// <summary>Computes the shortfall from a state in which some parts are unassigned.</summary>
    public static MemoryShortfall Of(PlanState state)
    {
        PlanProblem problem = state.Problem;
        long groups = Enumerable.Range(0, state.GroupOwner.Length).Sum(state.GroupRequiredBytes);
        long experts = state.ExpertOrder.Sum(unit => problem.ExpertBytes[unit.Layer]);
        (long Needed, long Available, string Part)[] demands =
        [
            (groups + experts, Memory(problem, s => s.TakesAttention || s.TakesExperts), "weights and K/V"),
            (groups, Memory(problem, s => s.TakesAttention), "attention, shared experts and K/V, which only some silos take,"),
            (experts, Memory(problem, s => s.TakesExperts), "experts, which only some silos take,"),
        ];
        (long needed, long available, string part) = demands.MaxBy(demand => demand.Needed - demand.Available);
        if (needed > available)
        {
            return new MemoryShortfall(needed - available, string.Create(
                CultureInfo.InvariantCulture,
                $"The model does not fit: {part} take {needed:N0} bytes, the silos have {available:N0}; {needed - available:N0} bytes are missing."));
        }

        long unplaced = Enumerable.Range(0, state.GroupOwner.Length).Where(g => state.GroupOwner[g] == PlanState.Unassigned).Sum(state.GroupRequiredBytes)
            + state.ExpertOrder.Where(u => state.ExpertOwner[u.Layer][u.Expert] == PlanState.Unassigned).Sum(u => problem.ExpertBytes[u.Layer]);
        return new MemoryShortfall(unplaced, string.Create(
            CultureInfo.InvariantCulture,
            $"The silos have enough memory in all, but not in pieces that layers and experts fit into: {unplaced:N0} bytes found no place."));
    }

    private static long Memory(PlanProblem problem, Func<SiloCapacity, bool> takes) => problem.Silos.Where(takes).Sum(s => s.MemoryBytes);
}
