using Orleans.Placement;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>Places a grain on the silo that its <see cref="PinnedKey"/> names, and on no other.</summary>
[GenerateSerializer, Immutable, Alias("hunyuan.placement.pinned")]
public sealed class PinnedPlacement : PlacementStrategy;

/// <summary>Selects <see cref="PinnedPlacement"/> for a grain class.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class PinnedPlacementAttribute() : PlacementAttribute(new PinnedPlacement());
