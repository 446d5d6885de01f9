using HunyuanOrleans.Cluster.Tests.Runtime.Grains;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.TestSupport;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Runtime;

/// <summary>What becomes of grains, calls and the membership when a silo joins, stops or is killed.</summary>
public sealed class SiloLifetimeTests
{
    [Fact]
    public async Task A_stopping_silo_lets_calls_finish_and_later_calls_go_elsewhere()
    {
        await using TestCluster cluster = await RuntimeCluster.StartAsync(2);
        SiloAddress stopping = cluster.Silos[^1];
        ICallGrain grain = cluster.Client.GetGrain<ICallGrain>("one");
        Location before = await PlaceAsync(stopping, grain.LocateAsync);
        Assert.Equal(stopping, before.Silo);
        string gate = Gates.Create();
        Task<Location> running = grain.PassAsync(gate);
        await Wait.UntilAsync(() => Gates.ArrivalsAt(gate) == 1);
        Task stopped = cluster.StopSiloAsync(stopping);
        Task<Location> later = TestCluster.RetryAsync(grain.LocateAsync);
        await TestCluster.RetryAsync(() => cluster.Client.GetGrain<ICallGrain>("other").LocateAsync());
        Assert.False(running.IsCompleted);
        Gates.Open(gate);
        Assert.Equal(before, await running.WaitAsync(Wait.Limit));
        await stopped.WaitAsync(Wait.Limit);
        await later;
        Assert.NotEqual(stopping, (await TestCluster.RetryAsync(grain.LocateAsync)).Silo);
    }

    [Fact]
    public async Task A_kill_fails_calls_and_loses_the_activation_but_not_the_grain()
    {
        await using TestCluster cluster = await RuntimeCluster.StartAsync(2, failsFast: true);
        SiloAddress killed = cluster.Silos[^1];
        ICallGrain grain = cluster.Client.GetGrain<ICallGrain>("one");
        Location before = await PlaceAsync(killed, grain.LocateAsync);
        Assert.Equal(killed, before.Silo);
        Task call = grain.WaitForeverAsync();
        await Wait.UntilAsync(grain.CountBegunAsync, static begun => begun == 1);
        await cluster.KillSiloAsync(killed);

        // The in-memory transport has no socket that breaks, so the call may have to time out.
        Exception? failure = await Record.ExceptionAsync(() => call.WaitAsync(Wait.Limit));
        Assert.True(failure is SiloUnavailableException or TimeoutException, $"{failure}");
        Location after = await TestCluster.RetryAsync(grain.LocateAsync);
        Assert.NotEqual(before.Activation, after.Activation);
        Assert.NotEqual(killed, after.Silo);
    }

    [Fact]
    public async Task An_enumeration_ends_with_a_killed_silo()
    {
        await using TestCluster cluster = await RuntimeCluster.StartAsync(2, failsFast: true);
        SiloAddress killed = cluster.Silos[^1];
        IStreamGrain grain = cluster.Client.GetGrain<IStreamGrain>("one");
        Assert.Equal(killed, (await PlaceAsync(killed, grain.LocateAsync)).Silo);
        await grain.ReleaseItemAsync();
        IAsyncEnumerator<int> items = grain.ReadReleasedAsync().GetAsyncEnumerator();
        Assert.True(await items.MoveNextAsync());
        await cluster.KillSiloAsync(killed);
        Exception? failure = await Record.ExceptionAsync(() => items.MoveNextAsync().AsTask().WaitAsync(Wait.Limit));
        Assert.True(failure is EnumerationAbortedException or SiloUnavailableException or TimeoutException, $"{failure}");
        Assert.Equal(EnumerationState.NotStarted, await TestCluster.RetryAsync(grain.StateAsync));
    }

    [Fact]
    public async Task The_membership_shows_silos_that_join_and_stop_and_new_silos_get_grains()
    {
        await using TestCluster cluster = await RuntimeCluster.StartAsync(2);
        IZoneGrain grain = cluster.Client.GetGrain<IZoneGrain>("z0/a");
        await Wait.UntilAsync(grain.ActiveSilosAsync, static silos => silos.Length == 2);
        SiloAddress joined = await cluster.AddSiloAsync();
        await Wait.UntilAsync(grain.ActiveSilosAsync, static silos => silos.Length == 3);
        int number = 0;
        await Wait.UntilAsync(
            () => PlaceAsync(joined, cluster.Client.GetGrain<ICallGrain>($"new{number++}").LocateAsync), location => location.Silo.Equals(joined));
        await cluster.StopSiloAsync(joined);
        await Wait.UntilAsync(grain.ActiveSilosAsync, static silos => silos.Length == 2);
    }

    /// <summary>Makes a grain's first call with the hint to place the grain on a silo.</summary>
    private static async Task<Location> PlaceAsync(SiloAddress silo, Func<Task<Location>> firstCall)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
        try
        {
            return await firstCall();
        }
        finally
        {
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }
    }
}
