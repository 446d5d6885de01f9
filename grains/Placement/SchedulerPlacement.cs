using Orleans.Placement;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>On one of the silos that compute: where a model's scheduler lives.</summary>
[GenerateSerializer, Immutable]
public sealed class SchedulerPlacement : PlacementStrategy;

/// <summary>Gives a grain class <see cref="SchedulerPlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SchedulerPlacementAttribute() : PlacementAttribute(new SchedulerPlacement());
