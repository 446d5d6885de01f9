using Orleans.Placement;

namespace HunyuanOrleans.Grains.Placement;

/// <summary>Places a model's scheduler on one of the silos that compute.</summary>
[GenerateSerializer, Immutable, Alias("hunyuan.placement.scheduler")]
public sealed class SchedulerPlacement : PlacementStrategy;

/// <summary>Selects <see cref="SchedulerPlacement"/> for a grain class.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SchedulerPlacementAttribute() : PlacementAttribute(new SchedulerPlacement());
