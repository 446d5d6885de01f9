using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.TestSupport;
using Orleans.Hosting;

namespace HunyuanOrleans.Client.Tests.Support;

/// <summary>A cluster with the demo model, and a client of it.</summary>
internal sealed class DemoCluster : IAsyncDisposable
{
    public const string Model = "demo-model";

    private DemoCluster(HunyuanCluster cluster)
    {
        Cluster = cluster;
        Client = new HunyuanClient(cluster.Silos.Client, new HunyuanClientOptions { Deadline = TimeSpan.FromSeconds(60) });
    }

    public HunyuanCluster Cluster { get; }

    public HunyuanClient Client { get; }

    /// <summary>Starts it.</summary>
    /// <param name="silos">How many.</param>
    /// <param name="change">Changes the options of each.</param>
    /// <param name="step">How long each shard takes for a step at least: long answers then outlast what is tested.</param>
    public static async Task<DemoCluster> StartAsync(
        int silos = 3, Func<HunyuanSiloOptions, HunyuanSiloOptions>? change = null, TimeSpan step = default) => new(await HunyuanCluster.StartAsync(
            TestPaths.DemoModel,
            silos,
            ComputeMode.F32,
            (_, options) => change?.Invoke(options) ?? options,
            (_, silo) =>
            {
                if (step > TimeSpan.Zero)
                {
                    silo.AddIncomingGrainCallFilter(async call =>
                    {
                        if (call.InterfaceMethod.DeclaringType == typeof(IAttentionShardGrain) && call.InterfaceMethod.Name == nameof(IAttentionShardGrain.ForwardAsync))
                        {
                            await Task.Delay(step);
                        }

                        await call.Invoke();
                    });
                }
            }));

    public async Task<StatisticsMessage> StatisticsAsync() => (await Cluster.Model.ReportAsync()).Statistics;

    /// <summary>Waits until nothing runs, waits or holds blocks that it will not give to others.</summary>
    public async Task<StatisticsMessage> WaitUntilFreeAsync(TimeSpan? patience = null)
    {
        using CancellationTokenSource limit = new(patience ?? TimeSpan.FromSeconds(30));
        while (true)
        {
            StatisticsMessage now = await StatisticsAsync();
            if (now is { Running: 0, Waiting: 0, KvUsed: 0 })
            {
                return now;
            }

            limit.Token.ThrowIfCancellationRequested();
            await Task.Delay(10);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Cluster.DisposeAsync();
    }
}
