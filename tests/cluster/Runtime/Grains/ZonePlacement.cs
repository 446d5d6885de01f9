using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace HunyuanOrleans.Cluster.Tests.Runtime.Grains;

/// <summary>Places a grain with the key "zone/name" on the silo whose metadata names the zone.</summary>
public sealed class ZonePlacement : PlacementStrategy
{
    /// <summary>The name of the metadata.</summary>
    public const string Zone = "zone";
}

[AttributeUsage(AttributeTargets.Class)]
public sealed class ZonePlacementAttribute() : PlacementAttribute(new ZonePlacement());

public sealed class ZonePlacementDirector(ISiloMetadataCache metadata) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        string zone = target.GrainIdentity.Key.ToString().Split('/')[0];
        SiloAddress? silo = context.GetCompatibleSilos(target)
            .FirstOrDefault(silo => metadata.GetSiloMetadata(silo).Metadata.GetValueOrDefault(ZonePlacement.Zone) == zone);
        return silo is not null ? Task.FromResult(silo) : throw new InvalidOperationException($"No silo is in zone {zone}.");
    }
}
