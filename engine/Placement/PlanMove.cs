namespace HunyuanOrleans.Engine.Placement;

/// <summary>A range that a silo must load because the plan has changed. Exactly one of the two ranges is set.</summary>
/// <param name="From">Silo that held the range before, alive or not; null if none did.</param>
/// <param name="To">Silo that must load the range.</param>
/// <param name="Attention">Layers whose attention, routers, shared experts and K/V move.</param>
/// <param name="Experts">Experts that move.</param>
/// <param name="Bytes">Bytes of weights.</param>
public sealed record PlanMove(string? From, string To, LayerRange? Attention, ExpertRange? Experts, long Bytes);
