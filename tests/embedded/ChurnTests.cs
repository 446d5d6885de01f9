namespace HunyuanOrleans.Embedded.Tests;

public sealed class ChurnTests
{
    [Fact]
    public async Task Silos_come_and_go_in_order_and_no_call_is_lost()
    {
        const int Grains = 60;
        var test = Guid.NewGuid().ToString("N");
        await using var cluster = await TestCluster.StartAsync(2);
        using var stop = new CancellationTokenSource();
        var bumps = new int[Grains];
        var load = Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            // Each worker has grains of its own, so that it knows what their counts must be.
            for (var i = worker; !stop.IsCancellationRequested; i = (i + 4) % Grains)
            {
                var grain = cluster.Client.GetGrain<ILedgerGrain>($"{test}/{i}");
                var count = await Wait.RetryAsync(grain.BumpAsync);
                Assert.True(count > bumps[i], $"{i}: {count} after {bumps[i]}");
                bumps[i] = count;
            }
        })).ToArray();
        for (var round = 0; round < 2; round++)
        {
            await cluster.AddSiloAsync();
            await cluster.StopSiloAsync(cluster.Silos[^2]);
        }
        await stop.CancelAsync();
        await Task.WhenAll(load).WaitAsync(Wait.Limit);
        for (var i = 0; i < Grains; i++)
        {
            var count = await Wait.RetryAsync(cluster.Client.GetGrain<ILedgerGrain>($"{test}/{i}").CountAsync);
            Assert.True(count >= bumps[i], $"{i}: {count} is less than {bumps[i]}");
        }
    }
}
