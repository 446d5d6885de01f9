namespace HunyuanOrleans.Engine.Placement;

/// <summary>One range that a silo must load because of a change of plan. Exactly one of the ranges is set.</summary>
/// <param name="From">Who held it first before, dead or alive; null where there was no plan.</param>
/// <param name="To">Who has to load it.</param>
/// <param name="Attention">Layers of attention, with routers, shared experts and K/V.</param>
/// <param name="Experts">Experts.</param>
/// <param name="Bytes">Bytes of weights.</param>
public sealed record PlanMove(string? From, string To, LayerRange? Attention, ExpertRange? Experts, long Bytes);
