using System.Collections.Concurrent;
using System.Diagnostics;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Grains.Telemetry;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Which silo holds what: incompatible silos hold nothing, hot experts get copies, missing memory is reported until silos with room join.</summary>
public sealed class PlacementTests
{
    private static readonly TestModel Model = new("tiny-top8-nocla");

    private static readonly int Vocabulary = Model.VocabularySize;

    [Fact]
    public async Task A_silo_with_keys_and_values_in_another_format_holds_no_part()
    {
        TestModel model = Model with { Kv = KvFormat.Int8 };
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(2, model, (number, options) => options with
        {
            Capacity = options.Capacity with { Role = number == 1 ? SiloRole.Experts : SiloRole.Attention },
            Models = [model.Settings with { Options = model.Options with { Kv = number == 2 ? KvFormat.Fp8 : KvFormat.Int8 } }],
        });
        GenerationRequest request = TestRequests.Create(1, Vocabulary)[0];
        int[][] expected = (await LocalReference.RunAsync(model, [request]))[0];
        Assert.Equal(expected, await cluster.Model.GenerateAsync(request));
        await cluster.AddAsync();
        ModelReport before = await cluster.Model.ReportAsync();
        PinnedKey shard = PinnedKey.Of(cluster.Model.Name, new LayerRange(0, 1), cluster.NameOf(2));
        KvPoolMessage pool = new(TestModel.KvTokens / 32, KvFormat.Int8.Name());
        GrainCallException refused = await Assert.ThrowsAsync<GrainCallException>(
            () => cluster.Silos.SiloClient.GetGrain<IAttentionShardGrain>(shard.ToString()).LoadAsync(before.Epoch, before.Version, pool));
        Assert.Contains("in fp8 here and in int8 at its scheduler; all silos need the same Kv", refused.Message, StringComparison.Ordinal);
        Assert.Equal(expected, await cluster.Model.GenerateAsync(request));
        ModelReport report = await cluster.Model.ReportAsync();
        Assert.All(report.Stages, stage => Assert.Equal(cluster.NameOf(0), PinnedKey.Parse(stage).Silo));
    }

    [Fact]
    public async Task Hot_experts_get_copies_and_no_bit_changes()
    {
        TestModel model = new("tiny-cla");

        // The same few tokens over and over go to the same few experts.
        GenerationRequest[] requests =
        [
            .. TestRequests.Create(12, Vocabulary, 200).Select(static (request, i) => request with { PromptIds = Enumerable.Repeat(i % 3, 60).ToArray() }),
        ];
        int[][][] expected = await LocalReference.RunAsync(model, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            3, model, static (_, options) => options with { RebalanceInterval = TimeSpan.FromMilliseconds(100) });
        Task<int[][][]> answers = cluster.Model.GenerateAllAsync(requests);
        await cluster.Model.UntilAsync(static report => Copies(report) > 0);
        Assert.Equal(expected, await answers);
        Assert.Equal(expected, await cluster.Model.GenerateAllAsync(requests));
    }

    [Fact]
    public async Task A_model_that_does_not_fit_says_what_is_missing_and_runs_once_there_is_room()
    {
        long half = BytesOf(Model) * 6 / 10;
        GenerationRequest request = TestRequests.Create(1, Vocabulary)[0];
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(1, Model, (_, options) => options with
        {
            Capacity = options.Capacity with { MemoryBytes = half },
        });
        ModelReport report = await cluster.Model.UntilAsync(
            static report => report.Card.Problem?.Contains("bytes of memory are missing", StringComparison.Ordinal) == true);
        Assert.Equal(0, report.Version);
        Task<int[][]> waiting = cluster.Model.GenerateAsync(request);
        await cluster.AddAsync();
        await cluster.AddAsync();
        Assert.Equal((await LocalReference.RunAsync(Model, [request]))[0], await waiting);
    }

    [Fact]
    public async Task A_silo_frees_the_weights_that_others_take_over()
    {
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(1, Model);
        GenerationRequest request = TestRequests.Create(1, Vocabulary)[0];
        await cluster.Model.GenerateAsync(request);
        ISiloGrain silo = cluster.Silos.Client.GetGrain<ISiloGrain>(PinnedKey.OfSilo(cluster.NameOf(0)).ToString());
        long alone = (await silo.ReportAsync()).Models[0].WeightBytes;
        await cluster.AddAsync();
        await cluster.Model.UntilAsync(static report => report.Version == 2);
        await cluster.Model.GenerateAsync(request);
        await Wait.UntilAsync(silo.ReportAsync, report => report.Models[0].WeightBytes < alone);
    }

    [Fact]
    public async Task A_trace_shows_a_step_on_every_silo()
    {
        ConcurrentQueue<Activity> seen = new();
        using ActivityListener listener = new()
        {
            // Orleans passes a trace on only with an activity of its own.
            ShouldListenTo = static source => source.Name is GrainTelemetry.Name or "Microsoft.Orleans.Application",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = seen.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(3, Model, static (number, options) => options with
        {
            Capacity = options.Capacity with { Role = number == 0 ? SiloRole.Attention : SiloRole.Experts },
        });
        await cluster.Model.GenerateAsync(TestRequests.Create(1, Vocabulary, 3)[0]);
        ModelReport report = await cluster.Model.ReportAsync();
        IGrouping<ActivityTraceId, Activity>[] steps =
        [
            .. seen.GroupBy(static activity => activity.TraceId)
                .Where(static trace => trace.Any(static a => a.OperationName == "hunyuan.step" && a.Status != ActivityStatusCode.Error)),
        ];
        Assert.NotEmpty(steps);
        foreach (string stage in report.Stages)
        {
            Assert.Contains(steps, trace => trace.Any(a => a.OperationName == "hunyuan.stage" && (string?)a.GetTagItem("hunyuan.shard") == stage));
        }

        Assert.Contains(steps, static trace => trace.Any(static a => a.OperationName == "hunyuan.experts"));
    }

    /// <summary>The bytes of all weights, keys and values of a model.</summary>
    private static long BytesOf(TestModel model)
    {
        PartitionPlan plan = PartitionPlan.Create(
            model.Config,
            [new SiloCapacity { Name = "all", MemoryBytes = 1L << 40, MemoryBandwidth = 1e9 }],
            new PlanOptions { Mode = model.Mode, Kv = model.Mode == ComputeMode.F32 ? KvFormat.F32 : KvFormat.Bf16 });
        return plan.Silos[0].WeightBytes + (plan.KvBytesPerToken * TestModel.KvTokens);
    }

    // How often an expert of a layer is held once more than needed.
    private static int Copies(ModelReport report)
    {
        (int Layer, int Expert)[] held =
        [
            .. report.Groups.Select(static key => PinnedKey.Parse(key).Experts).SelectMany(static range =>
                from layer in Enumerable.Range(range.FirstLayer, range.Layers)
                from expert in Enumerable.Range(range.FirstExpert, range.Experts)
                select (layer, expert)),
        ];
        return held.Length - held.Distinct().Count();
    }
}
