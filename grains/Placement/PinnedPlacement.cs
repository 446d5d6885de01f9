using Orleans.Placement;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>On the silo that the grain's <see cref="PinnedKey"/> names, and on no other.</summary>
[GenerateSerializer, Immutable]
public sealed class PinnedPlacement : PlacementStrategy;

/// <summary>Binds a grain class to the silos that its keys name.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class PinnedPlacementAttribute() : PlacementAttribute(new PinnedPlacement());
