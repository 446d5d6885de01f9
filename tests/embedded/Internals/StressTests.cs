namespace HunyuanOrleans.Embedded.Tests.Internals;

public sealed class StressTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_thousand_grains_survive_kills_stops_and_joins(int seed)
    {
        const int Grains = 1000, Workers = 16, Rounds = 40;
        var test = $"stress{Guid.NewGuid():N}";
        var ledger = Ledger.Of(test);
        await using var cluster = await TestCluster.StartAsync(3);
        using var stop = new CancellationTokenSource();
        var answered = new int[Grains];
        var unknown = new int[Grains];

        var load = Enumerable.Range(0, Workers).Select(worker => Task.Run(async () =>
        {
            var random = new Random(seed * 100 + worker);
            while (!stop.IsCancellationRequested)
            {
                var i = random.Next(Grains);
                try
                {
                    await cluster.Client.GetGrain<ILedgerGrain>($"{test}/{i}").BumpAsync().WaitAsync(Wait.Limit);
                    Interlocked.Increment(ref answered[i]);
                }
                catch (SiloUnavailableException)
                {
                    Interlocked.Increment(ref unknown[i]);
                }
            }
        })).ToArray();

        var chaos = new Random(seed);
        for (var round = 0; round < Rounds; round++)
        {
            await Task.Delay(chaos.Next(20));
            var silos = cluster.Silos;
            var victim = silos[chaos.Next(silos.Count)];
            var action = silos.Count <= 2 ? 2 : silos.Count >= 6 ? chaos.Next(2) : chaos.Next(3);
            if (action == 2)
            {
                await cluster.AddSiloAsync();
            }
            else if (action == 1)
            {
                await cluster.StopSiloAsync(victim).WaitAsync(Wait.Limit);
            }
            else
            {
                ledger.Killing(victim);
                await cluster.KillSiloAsync(victim);
            }
        }
        await stop.CancelAsync();
        await Task.WhenAll(load).WaitAsync(Wait.Limit);

        for (var i = 0; i < Grains; i++)
        {
            var count = await cluster.Client.GetGrain<ILedgerGrain>($"{test}/{i}").CountAsync().WaitAsync(Wait.Limit);
            Assert.InRange(count, answered[i], answered[i] + unknown[i]);
        }
        Assert.True(ledger.Doubles.IsEmpty, string.Join("\n", ledger.Doubles));
        Assert.Equal(Grains, ledger.LiveCount);
        Assert.Equal(Grains, cluster.Embedded.Silos.Sum(s => s.ActivationCount));
    }
}
