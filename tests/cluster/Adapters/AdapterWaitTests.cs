using System.Collections.Concurrent;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Devices;
using HunyuanOrleans.Grains.Execution;
using HunyuanOrleans.Grains.Telemetry;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Hosting;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Adapters;

/// <summary>What waits for an adapter on a cluster, and what does not.</summary>
public sealed class AdapterWaitTests
{
    private static readonly TestModel Model = new("tiny-top8-nocla");

    [Fact]
    public async Task Rows_that_wait_for_an_adapter_elsewhere_keep_no_other_rows_waiting_and_are_no_slow_call()
    {
        using TestAdapters adapters = new(Model, 3);
        SiloRole[] roles = [SiloRole.Attention, SiloRole.Experts];
        MethodCalls calls = new();
        SkewedClock clock = new();
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            roles.Length,
            Model,
            (number, options) => adapters.AddTo(options, adapters.BytesOf("a0")) with { MessagesInFlight = 1, Capacity = options.Capacity with { Role = roles[number] } },
            new ClusterSetup
            {
                ConfigureSilo = (number, silo) =>
                {
                    silo.AddIncomingGrainCallFilter(calls);
                    if (number == 0)
                    {
                        silo.Services.AddSingleton<TimeProvider>(clock);
                    }
                },
            });
        GenerationRequest bare = TestRequests.Create(1, Model.VocabularySize)[0], adapted = bare with { Adapter = "a2" };
        int[][][] expected = await LocalReference.RunAsync(Model, [bare, adapted], adapters.Folders);
        Assert.Equal(expected[0], await cluster.Model.GenerateAsync(bare));

        // The silo with the experts has no room for the adapter of the request while another one is in use there.
        SiloAdapters experts = HostOf(cluster, 1).Adapters;
        StepAdapters held = await experts.AcquireAsync([new("a0", adapters.DigestOf("a0"), adapters.Folders["a0"])], CancellationToken.None);
        Task<int[][]> waiting = cluster.Model.GenerateAsync(adapted);
        await Wait.UntilAsync(() => calls.Of(nameof(IExpertGroupGrain.LoadAdaptersAsync)) >= 3);
        Assert.Equal(1, experts.Loads);
        Assert.Equal(expected[0], await cluster.Model.GenerateAsync(bare));
        clock.Skip(TimeSpan.FromHours(1));
        held.Dispose();
        Assert.Equal(expected[1], await waiting);
        Assert.Equal(0, experts.Loads);
        Assert.InRange(cluster.Silos.ServicesOf(cluster.Silos.Silos[0]).GetRequiredService<SentTraffic>().Report().ExpertSeconds, 0, TimeSpan.FromHours(1).TotalSeconds);
    }

    [Fact]
    public async Task Requests_that_wait_for_an_adapter_count_as_waiting_ones()
    {
        TestModel model = Model with { QueueLength = 1, Purpose = "one waits" };
        using TestAdapters adapters = new(model, 2);
        long most = adapters.Folders.Keys.Max(adapters.BytesOf);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(2, model, (_, options) => adapters.AddTo(options, most));
        GenerationRequest request = TestRequests.Create(1, model.VocabularySize, maxTokens: 3000)[0];
        using CancellationTokenSource stop = new();
        Task<int[][]> running = cluster.Model.GenerateAsync(request with { Adapter = "a0" }, stop.Token);
        await cluster.Model.UntilAsync(static report => report.Statistics.Running == 1);
        Task<int[][]> waiting = cluster.Model.GenerateAsync(request with { Adapter = "a1" }, stop.Token);
        await cluster.Model.UntilAsync(static report => report.Statistics.Waiting == 1);
        foreach (string? adapter in new[] { "a1", "a0", null })
        {
            await foreach (TokenBatch batch in cluster.Model.StreamAsync(cluster.Model.Spec(request with { Adapter = adapter })))
            {
                if (!batch.IsHeartbeat)
                {
                    Assert.Equal((true, 1, 1), (batch.RequestError!.QueueFull, batch.RequestError.Waiting, batch.RequestError.Limit));
                }
            }
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await cluster.Model.UntilIdleAsync();
        await cluster.Model.GenerateAsync(request with { Adapter = "a1", MaxTokens = 2 });
    }

    [Fact]
    public async Task A_model_that_only_a_silo_completes_that_still_reads_adapters_is_served_when_it_has_read_them()
    {
        using TestAdapters adapters = new(Model, 1);
        long memory = MemoryOfOneOfTwo();
        ReadingSilo reading = new(), next = new() { HasRead = true };
        GenerationRequest request = TestRequests.Create(1, Model.VocabularySize)[0] with { Adapter = "a0" };
        int[][] expected = (await LocalReference.RunAsync(Model, [request], adapters.Folders))[0];
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            2,
            Model,
            (_, options) => adapters.AddTo(options with { Capacity = options.Capacity with { MemoryBytes = memory } }),
            new ClusterSetup { FailsFast = true, ConfigureSilo = (_, silo) => silo.AddIncomingGrainCallFilter(next) });
        Assert.Equal(expected, await cluster.Model.GenerateAsync(request));
        await cluster.KillAsync(cluster.NameOf(1));
        next = reading;
        await cluster.AddAsync();
        Task<int[][]> answer = cluster.Model.GenerateAsync(request);
        ModelReport report = await cluster.Model.UntilAsync(
            static report => report.LeftOut.Count > 0 && report.Card.Problem?.Contains("still read the adapters", StringComparison.Ordinal) == true);
        Assert.Contains("it has not read the adapter yet", report.LeftOut[cluster.NameOf(2)], StringComparison.Ordinal);
        Assert.False(answer.IsCompleted);
        reading.HasRead = true;
        Assert.Equal(expected, await answer);
    }

    [Fact]
    public void Steps_wait_for_silos_that_read_as_they_wait_for_loading()
    {
        RouteState state = new();
        state.Await("Silos read.", 7);
        state.Await("Silos read on.", 9);
        Assert.Equal((9L, "Silos read on.", false), (state.LoadedUntil, state.Problem!, state.PlanFailed));
        state.Publish(new Route(1, null!, [], []));
        state.Await("A silo reads.", 11);
        Assert.Equal((9L, (string?)null), (state.LoadedUntil, state.Problem));
    }

    // As much memory as lets two silos hold the model, and not one.
    private static long MemoryOfOneOfTwo()
    {
        PlanOptions options = new() { MinKvTokens = TestModel.KvTokens, Mode = Model.Mode, Kv = Model.Options.CacheFormat };
        for (long memory = 1 << 16; ; memory += memory / 10)
        {
            if (Fits(2))
            {
                Assert.False(Fits(1));
                return memory;
            }

            bool Fits(int silos) => PartitionPlan.Create(
                Model.Config, [.. Enumerable.Range(0, silos).Select(i => new SiloCapacity { Name = $"{i}", MemoryBytes = memory, MemoryBandwidth = 50e9 })], options).Fits;
        }
    }

    private static ModelHost HostOf(HunyuanCluster cluster, int silo) =>
        cluster.Silos.ServicesOf(cluster.Silos.Silos[silo]).GetRequiredService<ModelHosts>().Get(Model.Name);

    /// <summary>Counts the calls that reach the silos.</summary>
    private sealed class MethodCalls : IIncomingGrainCallFilter
    {
        private readonly ConcurrentDictionary<string, int> _calls = [];

        public int Of(string method) => _calls.GetValueOrDefault(method);

        public Task Invoke(IIncomingGrainCallContext context)
        {
            _calls.AddOrUpdate(context.MethodName, 1, static (_, count) => count + 1);
            return context.Invoke();
        }
    }

    /// <summary>Answers as a silo does that has not read its adapters, until it has.</summary>
    private sealed class ReadingSilo : IIncomingGrainCallFilter
    {
        private volatile bool _hasRead;

        public bool HasRead
        {
            get => _hasRead;
            set => _hasRead = value;
        }

        public Task Invoke(IIncomingGrainCallContext context)
        {
            if (_hasRead || context.MethodName is not (nameof(ISiloGrain.SyncAdaptersAsync) or nameof(ISiloGrain.CheckAdapterAsync)))
            {
                return context.Invoke();
            }

            context.Result = null;
            return Task.CompletedTask;
        }
    }

    /// <summary>The system's clock, whose timestamps can jump ahead.</summary>
    private sealed class SkewedClock : TimeProvider
    {
        private long _ahead;

        public void Skip(TimeSpan time) => Interlocked.Add(ref _ahead, (long)(time.TotalSeconds * TimestampFrequency));

        public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref _ahead);
    }
}
