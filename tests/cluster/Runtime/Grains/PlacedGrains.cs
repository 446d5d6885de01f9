using Orleans.Placement;
using Orleans.Runtime;

namespace HunyuanOrleans.Cluster.Tests.Runtime.Grains;

public interface IZoneGrain : IGrainWithStringKey
{
    Task<Location> LocateAsync();

    /// <summary>Where a grain with local placement is that this grain calls.</summary>
    Task<Location> LocateLocalAsync(string key);

    /// <summary>The names of the silos that this grain's silo takes for active.</summary>
    Task<string[]> ActiveSilosAsync();
}

[ZonePlacement]
public sealed class ZoneGrain(IGrainContext context, IClusterMembershipService membership) : Grain, IZoneGrain
{
    public Task<Location> LocateAsync() => Task.FromResult(Location.Of(context));

    public Task<Location> LocateLocalAsync(string key) => GrainFactory.GetGrain<ILocalGrain>(key).LocateAsync();

    public async Task<string[]> ActiveSilosAsync()
    {
        ClusterMembershipSnapshot snapshot = await membership.MembershipUpdates.FirstAsync();
        return [.. snapshot.Members.Values.Where(static member => member.Status == SiloStatus.Active).Select(static member => member.Name)];
    }
}

public interface ILocalGrain : IGrainWithStringKey
{
    Task<Location> LocateAsync();
}

[PreferLocalPlacement]
public sealed class LocalGrain(IGrainContext context) : Grain, ILocalGrain
{
    public Task<Location> LocateAsync() => Task.FromResult(Location.Of(context));
}
