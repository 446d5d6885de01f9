using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace HunyuanOrleans.Cluster.Tests.Runtime.Grains;

/// <summary>On the silo whose metadata names the zone in the grain's key ("zone/rest"); a hint goes first.</summary>
public sealed class ZonePlacement : PlacementStrategy;

[AttributeUsage(AttributeTargets.Class)]
public sealed class ZonePlacementAttribute() : PlacementAttribute(new ZonePlacement());

public sealed class ZoneDirector(ISiloMetadataCache metadata) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) is { } hint) return Task.FromResult(hint);
        var zone = target.GrainIdentity.Key.ToString().Split('/')[0];
        return Task.FromResult(silos.FirstOrDefault(s => metadata.GetSiloMetadata(s).Metadata.GetValueOrDefault("zone") == zone)
            ?? throw new InvalidOperationException($"No silo is in zone {zone}."));
    }
}

public interface IZoneGrain : IGrainWithStringKey
{
    Task<Where> WhereAsync();

    Task RememberAsync(string text);

    Task<string?> RecallAsync();

    Task MoveAsync(SiloAddress silo);

    Task<string[]> AliveAsync();

    Task<Where> NeighbourAsync(string key);
}

/// <summary>Takes what it remembers along when it moves, also when its silo stops.</summary>
[ZonePlacement]
public sealed class ZoneGrain(SiloName silo, IGrainContext context, IClusterMembershipService membership) : Grain, IZoneGrain, IGrainMigrationParticipant
{
    private string? _text;

    public Task<Where> WhereAsync() => Task.FromResult(new Where(silo.Address, context.ActivationId.ToString()));

    public Task RememberAsync(string text)
    {
        _text = text;
        return Task.CompletedTask;
    }

    public Task<string?> RecallAsync() => Task.FromResult(_text);

    public Task MoveAsync(SiloAddress silo)
    {
        RequestContext.Set(Orleans.Runtime.Placement.IPlacementDirector.PlacementHintKey, silo);
        MigrateOnIdle();
        return Task.CompletedTask;
    }

    public async Task<string[]> AliveAsync()
    {
        await foreach (var snapshot in membership.MembershipUpdates)
            return [.. snapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => m.Name)];
        return [];
    }

    public Task<Where> NeighbourAsync(string key) => GrainFactory.GetGrain<ILocalGrain>(key).WhereAsync();

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (reason.ReasonCode == DeactivationReasonCode.ShuttingDown) MigrateOnIdle();
        return Task.CompletedTask;
    }

    public void OnDehydrate(IDehydrationContext dehydrationContext) => dehydrationContext.TryAddValue("text", _text);

    public void OnRehydrate(IRehydrationContext rehydrationContext) => rehydrationContext.TryGetValue("text", out _text);
}

public interface ILocalGrain : IGrainWithStringKey
{
    Task<Where> WhereAsync();
}

[PreferLocalPlacement]
public sealed class LocalGrain(SiloName silo, IGrainContext context) : Grain, ILocalGrain
{
    public Task<Where> WhereAsync() => Task.FromResult(new Where(silo.Address, context.ActivationId.ToString()));
}
