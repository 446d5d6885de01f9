using Orleans.Placement;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>On one of the silos that compute: where a model's scheduler lives.</summary>
[GenerateSerializer, Immutable]
public sealed class HomePlacement : PlacementStrategy;

/// <summary>Gives a grain class <see cref="HomePlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class HomePlacementAttribute() : PlacementAttribute(new HomePlacement());
