using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace HunyuanOrleans.Embedded.Tests.Internals;

public sealed class KillTests
{
    [Fact]
    public async Task Code_of_a_killed_activation_does_not_go_on()
    {
        await using var cluster = new EmbeddedCluster();
        var silo = await cluster.AddSiloAsync();
        var (gate, trace) = (Gates.New(), Gates.New());
        var call = cluster.Client.GetGrain<ITraceGrain>("one").PassAsync(gate, trace);
        cluster.KillSilo(silo);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => call);
        Gates.Open(gate);
        await Task.Delay(50);
        Assert.False(Gates.Find(trace).IsCompleted);
    }

    [Fact]
    public async Task Without_a_silo_calls_fail_at_once()
    {
        await using var cluster = new EmbeddedCluster();
        await Assert.ThrowsAsync<SiloUnavailableException>(() => cluster.Client.GetGrain<ITraceGrain>("one").WhereAsync());
        cluster.KillSilo(await cluster.AddSiloAsync());
        await Assert.ThrowsAsync<SiloUnavailableException>(() => cluster.Client.GetGrain<ITraceGrain>("one").WhereAsync());
    }

    [Fact]
    public async Task Calls_from_a_killed_silo_fail()
    {
        await using var cluster = new EmbeddedCluster();
        await cluster.AddSiloAsync();
        var dead = await cluster.AddSiloAsync();
        var grain = dead.Services.GetRequiredService<IGrainFactory>().GetGrain<ITraceGrain>("one");
        await grain.WhereAsync();
        cluster.KillSilo(dead);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => grain.WhereAsync());
    }

    [Fact]
    public async Task A_reference_from_a_killed_silo_still_works_at_its_receiver()
    {
        await using var cluster = new EmbeddedCluster();
        var silo = await cluster.AddSiloAsync();
        var self = await cluster.Client.GetGrain<ITraceGrain>("one").SelfAsync();
        await cluster.AddSiloAsync();
        cluster.KillSilo(silo);
        Assert.NotEqual(silo.SiloAddress.ToString(), await self.WhereAsync());
    }

    [Fact]
    public async Task Hosted_services_live_as_long_as_their_silo()
    {
        await using var cluster = new EmbeddedCluster();
        var stopped = await cluster.AddSiloAsync(silo => silo.Services.AddHostedService<Probe>().AddSingleton<List<string>>());
        var log = stopped.Services.GetRequiredService<List<string>>();
        Assert.Equal(["start"], log);
        await cluster.StopSiloAsync(stopped);
        Assert.Equal(["start", "stop"], log);
        var killed = await cluster.AddSiloAsync(silo => silo.Services.AddHostedService<Probe>().AddSingleton<List<string>>());
        log = killed.Services.GetRequiredService<List<string>>();
        cluster.KillSilo(killed);
        await Wait.UntilAsync(() => Task.FromResult(log.Count == 2));
        Assert.Equal(["start", "told"], log);
    }

    [Fact]
    public async Task Stopping_without_patience_kills_what_is_left()
    {
        await using var cluster = new EmbeddedCluster();
        var silo = await cluster.AddSiloAsync();
        var call = cluster.Client.GetGrain<ITraceGrain>("one").PassAsync(Gates.New(), Gates.New());
        using var patience = new CancellationTokenSource(50);
        await cluster.StopSiloAsync(silo, patience.Token).WaitAsync(Wait.Limit);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => call);
        Assert.Equal(SiloStatus.Dead, silo.Status);
    }

    private sealed class Probe(List<string> log) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            log.Add("start");
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            log.Add(cancellationToken.IsCancellationRequested ? "told" : "stop");
            return Task.CompletedTask;
        }
    }
}
