namespace HunyuanOrleans.Embedded.Tests;

public sealed class ChurnTests
{
    [Fact]
    public async Task Silos_come_and_go_in_order_and_every_call_ends_well()
    {
        const int Grains = 60;
        await using var cluster = await TestCluster.StartAsync(2);
        using var stop = new CancellationTokenSource();
        var calls = 0;
        var load = Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            for (var i = worker; !stop.IsCancellationRequested; i = (i + 1) % Grains)
            {
                var grain = cluster.Client.GetGrain<ICounterGrain>($"churn{i}");
                Assert.True(await Wait.RetryAsync(() => grain.AddAsync(1)) > 0);
                Interlocked.Increment(ref calls);
            }
        })).ToArray();
        for (var round = 1; round <= 2; round++)
        {
            await Wait.UntilAsync(() => Task.FromResult(Volatile.Read(ref calls) > round * Grains));
            await cluster.AddSiloAsync();
            await cluster.StopSiloAsync(cluster.Silos[^2]);
        }
        await Wait.UntilAsync(() => Task.FromResult(Volatile.Read(ref calls) > 3 * Grains));
        await stop.CancelAsync();
        await Task.WhenAll(load).WaitAsync(Wait.Limit);
        Assert.Equal(2, cluster.Silos.Count);
    }
}
