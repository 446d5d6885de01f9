using Orleans.Placement;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>
/// Keeps a grain away from silos whose model differs from that of the other silos, so that their tokenizer, template and defaults answer no client.
/// </summary>
public sealed class SameModelFilter() : PlacementFilterStrategy(order: 0);

/// <summary>Selects <see cref="SameModelFilter"/> for a grain class.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SameModelFilterAttribute() : PlacementFilterAttribute(new SameModelFilter());
