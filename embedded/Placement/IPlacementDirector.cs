namespace Orleans.Runtime.Placement;

/// <summary>Chooses the silos of new activations, for the grain classes of one strategy.</summary>
public interface IPlacementDirector
{
    /// <summary>The key in <see cref="RequestContext"/> under which a caller names the <see cref="SiloAddress"/> it would like.</summary>
    const string PlacementHintKey = nameof(PlacementHintKey);

    /// <summary>Chooses a silo. Requests wait meanwhile; throwing fails them with that exception.</summary>
    Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context);

    /// <summary>The silo that the caller's hint names, where it is one of the given; else null.</summary>
    static SiloAddress? GetPlacementHint(Dictionary<string, object> requestContextData, SiloAddress[] compatibleSilos) =>
        requestContextData is not null && requestContextData.TryGetValue(PlacementHintKey, out var value)
            && value is SiloAddress hint && compatibleSilos.Contains(hint) ? hint : null;
}

/// <summary>The grain to place.</summary>
/// <param name="grainIdentity">The grain.</param>
/// <param name="requestContextData">What the first request's caller had in its <see cref="RequestContext"/>, or null.</param>
/// <param name="interfaceType">The interface of the first request.</param>
/// <param name="interfaceVersion">Always 0 here.</param>
public readonly struct PlacementTarget(
    GrainId grainIdentity, Dictionary<string, object> requestContextData, GrainInterfaceType interfaceType, ushort interfaceVersion)
{
    /// <summary>The grain.</summary>
    public GrainId GrainIdentity { get; } = grainIdentity;

    /// <summary>The interface of the first request.</summary>
    public GrainInterfaceType InterfaceType { get; } = interfaceType;

    /// <summary>Always 0 here.</summary>
    public ushort InterfaceVersion { get; } = interfaceVersion;

    /// <summary>What the first request's caller had in its <see cref="RequestContext"/>, or null.</summary>
    public Dictionary<string, object> RequestContextData { get; } = requestContextData;
}

/// <summary>The cluster, as a director sees it.</summary>
public interface IPlacementContext
{
    /// <summary>The silos the grain can be on: here all that are active, in order of their addresses.</summary>
    SiloAddress[] GetCompatibleSilos(PlacementTarget target);

    /// <summary>The silo that the director runs on: the caller's, or any for the client's.</summary>
    SiloAddress LocalSilo { get; }

    /// <summary>That silo's status.</summary>
    SiloStatus LocalSiloStatus { get; }
}

internal sealed class PlacementContext(SiloCore local) : IPlacementContext
{
    public SiloAddress LocalSilo => local.Address;

    public SiloStatus LocalSiloStatus => local.Status;

    public SiloAddress[] GetCompatibleSilos(PlacementTarget target) => local.Cluster.ActiveAddresses();
}
