using Orleans.Runtime;

namespace HunyuanOrleans.Cluster.Tests.Runtime.Grains;

/// <summary>A grain whose activation must not be collected while it is idle.</summary>
public interface IKeptGrain : IGrainWithStringKey
{
    Task<Location> LocateAsync();
}

[KeepAlive]
public sealed class KeptGrain(IGrainContext context) : Grain, IKeptGrain
{
    public Task<Location> LocateAsync() => Task.FromResult(Location.Of(context));
}
