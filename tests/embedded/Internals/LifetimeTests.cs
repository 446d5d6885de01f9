using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Runtime.Placement;

namespace HunyuanOrleans.Embedded.Tests.Internals;

public sealed class LifetimeTests
{
    [Fact]
    public async Task Idle_activations_end_unless_they_are_kept()
    {
        await using var cluster = new EmbeddedCluster(silo => silo.Configure<GrainCollectionOptions>(o =>
        {
            o.CollectionAge = TimeSpan.FromMilliseconds(40);
            o.CollectionQuantum = TimeSpan.FromMilliseconds(10);
        }));
        var silo = await cluster.AddSiloAsync();
        await cluster.Client.GetGrain<ILastingGrain>("kept").TouchAsync();
        await cluster.Client.GetGrain<ITraceGrain>("idle").WhereAsync();
        await Wait.UntilAsync(() => Task.FromResult(silo.ActivationCount == 1));
        await Task.Delay(100);
        Assert.Equal(1, silo.ActivationCount);
    }

    [Fact]
    public async Task Requests_that_nobody_waits_for_are_not_started()
    {
        await using var cluster = new EmbeddedCluster(silo => silo.Services.AddSingleton<SiloName>());
        await cluster.AddSiloAsync();
        var grain = cluster.Client.GetGrain<ICounterGrain>("one");
        var held = grain.HoldAsync();
        using var cancel = new CancellationTokenSource();
        var second = grain.HoldAsync(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await grain.ReleaseAsync();
        await held;
        Assert.Equal(0, await grain.CancelledAsync());
    }

    [Fact]
    public async Task A_long_queue_is_served_in_order()
    {
        const int Requests = 50_000;
        await using var cluster = new EmbeddedCluster();
        await cluster.AddSiloAsync();
        var grain = cluster.Client.GetGrain<ITraceGrain>("one");
        var gate = Gates.New();
        var first = grain.PassAsync(gate, Gates.New());
        var calls = Enumerable.Range(0, Requests).Select(_ => grain.NextAsync()).ToArray();
        Gates.Open(gate);
        await first;
        Assert.Equal(Enumerable.Range(0, Requests), await Task.WhenAll(calls).WaitAsync(Wait.Limit));
    }

    [Fact]
    public async Task A_director_that_names_a_silo_that_is_gone_is_asked_again()
    {
        var director = new FixedDirector();
        await using var cluster = new EmbeddedCluster(silo => silo.Services.AddPlacementDirector<RandomPlacement>(_ => director));
        var gone = await cluster.AddSiloAsync();
        cluster.KillSilo(gone);
        var live = await cluster.AddSiloAsync();
        director.Choices.Enqueue(gone.SiloAddress);
        director.Choices.Enqueue(live.SiloAddress);
        Assert.Equal(live.SiloAddress.ToString(), await cluster.Client.GetGrain<ITraceGrain>("one").WhereAsync());
        for (var i = 0; i < 30; i++) director.Choices.Enqueue(gone.SiloAddress);
        await Assert.ThrowsAsync<OrleansMessageRejectionException>(() => cluster.Client.GetGrain<ITraceGrain>("two").WhereAsync());
    }

    [Fact]
    public async Task Membership_updates_tell_every_change_in_order()
    {
        await using var cluster = new EmbeddedCluster();
        var changes = cluster.MembershipService.MembershipUpdates.GetAsyncEnumerator();
        Assert.True(await changes.MoveNextAsync());
        Assert.Empty(changes.Current.Members);
        var one = await cluster.AddSiloAsync();
        var two = await cluster.AddSiloAsync();
        await cluster.StopSiloAsync(one);
        cluster.KillSilo(two);
        SiloStatus[] expected = [SiloStatus.Active, SiloStatus.ShuttingDown, SiloStatus.Dead];
        foreach (var status in new[] { expected[0], expected[0], expected[1], expected[2], expected[2] })
        {
            Assert.True(await changes.MoveNextAsync());
            Assert.Contains(changes.Current.Members.Values, m => m.Status == status);
        }
        Assert.Equal(5, changes.Current.Version.Value);
        Assert.Equal(SiloStatus.Dead, changes.Current.GetSiloStatus(two.SiloAddress));
    }

    [Fact]
    public void Addresses_read_back_what_they_wrote()
    {
        var address = SiloAddress.New(System.Net.IPAddress.Parse("10.1.2.3"), 4711, 8);
        Assert.Equal(address, SiloAddress.FromParsableString(address.ToParsableString()));
        Assert.Throws<FormatException>(() => SiloAddress.FromParsableString("10.1.2.3"));
    }

    private sealed class FixedDirector : IPlacementDirector
    {
        public Queue<SiloAddress> Choices { get; } = new();

        public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context) =>
            Task.FromResult(Choices.Dequeue());
    }
}
