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

/// <summary>Who holds what: caches move along, hot experts get copies, too little memory is refused and mended.</summary>
public sealed class PlacementTests
{
    private static readonly string Directory = Path.Combine(TestPaths.Data, "models", "tiny-top8-nocla");

    private static readonly int Vocabulary = ModelConfig.Load(Directory).VocabSize;

    [Theory]
    [InlineData(null)]
    [InlineData(KvFormat.Int8)]
    [InlineData(KvFormat.Fp8)]
    public async Task Caches_move_along_when_a_silo_joins_or_leaves(KvFormat? kv)
    {
        GenerationRequest[] requests = Prompts.Of(8, Vocabulary, 600);
        int[][][] expected = await Undisturbed.RunAsync(Directory, ComputeMode.F32, requests, kv);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(Directory, 2, kv: kv);
        Task<int[][]>[] runs = [.. requests.Select(r => cluster.GenerateAsync(r))];
        await cluster.UntilRouteAsync(report => report.Statistics.AnswerTokens > 50);
        ModelReport before = await cluster.Model.ReportAsync();
        await cluster.AddAsync();
        await cluster.UntilRouteAsync(report => report.Version > before.Version && report.Switches > before.Switches);

        // Not the scheduler's own silo: when that goes, the sequences are computed again by its successor.
        int leaves = Enumerable.Range(0, 3).First(number => cluster.NameOf(number) != before.SchedulerSilo);
        string name = cluster.NameOf(leaves);
        await cluster.StopAsync(leaves);
        ModelReport after = await cluster.Model.ReportAsync();
        Assert.DoesNotContain(after.Stages.Concat(after.Groups), key => PinnedKey.Parse(key).Silo == name);
        Assert.True(after.Switches >= 3, $"{after.Switches} switches");
        Assert.Equal(0, after.Statistics.Replays);
        Assert.Equal(expected, await Task.WhenAll(runs));
    }

    [Fact]
    public async Task A_silo_that_keeps_keys_and_values_in_another_format_takes_no_part()
    {
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            Directory,
            2,
            kv: KvFormat.Int8,
            change: static (number, options) => options with
            {
                Capacity = options.Capacity with { Role = number == 1 ? SiloRole.Experts : SiloRole.Attention },
                Models = [options.Models[0] with { Options = options.Models[0].Options with { Kv = number == 2 ? KvFormat.Fp8 : KvFormat.Int8 } }],
            });
        GenerationRequest request = Prompts.Of(1, Vocabulary)[0];
        int[][] expected = (await Undisturbed.RunAsync(Directory, ComputeMode.F32, [request], KvFormat.Int8))[0];
        Assert.Equal(expected, await cluster.GenerateAsync(request));
        await cluster.AddAsync();
        ModelReport before = await cluster.Model.ReportAsync();
        PinnedKey shard = PinnedKey.Of(cluster.Name, new LayerRange(0, 1), cluster.NameOf(2));
        KvPoolMessage pool = new(HunyuanCluster.KvTokens / 32, KvFormat.Int8.Name());
        var refused = await Assert.ThrowsAsync<GrainCallException>(
            () => cluster.Silos.Client.GetGrain<IAttentionShardGrain>(shard.ToString()).LoadAsync(before.Epoch, before.Version, pool));
        Assert.Contains("in fp8 here and in int8 at its scheduler; all silos need the same Kv", refused.Message, StringComparison.Ordinal);
        Assert.Equal(expected, await cluster.GenerateAsync(request));
        ModelReport report = await cluster.Model.ReportAsync();
        Assert.All(report.Stages, stage => Assert.Equal(cluster.NameOf(0), PinnedKey.Parse(stage).Silo));
    }

    [Fact]
    public async Task Hot_experts_get_copies_and_no_bit_changes()
    {
        string directory = Path.Combine(TestPaths.Data, "models", "tiny-cla");

        // The same few tokens over and over go to the same few experts.
        GenerationRequest[] requests = [.. Prompts.Of(12, Vocabulary, 200).Select(static (r, i) => r with { PromptIds = Enumerable.Repeat(i % 3, 60).ToArray() })];
        int[][][] expected = await Undisturbed.RunAsync(directory, ComputeMode.F32, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            directory, 3, change: static (_, options) => options with { RebalanceInterval = TimeSpan.FromMilliseconds(100) });
        Task<int[][][]> answers = Task.WhenAll(requests.Select(r => cluster.GenerateAsync(r)));
        ModelReport report = await cluster.UntilRouteAsync(static report => Copies(report) > 0);
        Assert.True(Copies(report) > 0);
        Assert.Equal(expected, await answers);
        int[][][] again = await Task.WhenAll(requests.Select(r => cluster.GenerateAsync(r)));
        Assert.Equal(expected, again);
    }

    [Fact]
    public async Task A_model_that_does_not_fit_says_what_is_missing_and_runs_once_there_is_room()
    {
        long half = HunyuanCluster.BytesOf(Directory, ComputeMode.F32) * 6 / 10;
        GenerationRequest request = Prompts.Of(1, Vocabulary)[0];
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(Directory, 1, change: (_, options) => options with
        {
            Capacity = options.Capacity with { MemoryBytes = half },
        });
        ModelReport report = await cluster.UntilRouteAsync(static report => report.Card.Problem?.Contains("bytes of memory are missing") == true);
        Assert.Equal(0, report.Version);
        Task<int[][]> waiting = cluster.GenerateAsync(request);
        await cluster.AddAsync();
        await cluster.AddAsync();
        Assert.Equal((await Undisturbed.RunAsync(Directory, ComputeMode.F32, [request]))[0], await waiting);
    }

    [Fact]
    public async Task Silos_drop_what_others_have_taken()
    {
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(Directory, 1);
        GenerationRequest request = Prompts.Of(1, Vocabulary)[0];
        await cluster.GenerateAsync(request);
        ISiloGrain silo = cluster.Silos.Client.GetGrain<ISiloGrain>(PinnedKey.OfSilo(cluster.NameOf(0)).ToString());
        long alone = (await silo.ReportAsync()).Models[0].WeightBytes;
        await cluster.AddAsync();
        await cluster.UntilRouteAsync(static report => report.Version == 2);
        await cluster.GenerateAsync(request);
        for (int i = 0; i < 100 && (await silo.ReportAsync()).Models[0].WeightBytes == alone; i++)
        {
            await Task.Delay(20);
        }

        Assert.True((await silo.ReportAsync()).Models[0].WeightBytes < alone);
    }

    [Fact]
    public async Task A_trace_shows_a_step_on_every_silo()
    {
        ConcurrentQueue<Activity> seen = new();
        using ActivityListener listener = new()
        {
            ShouldListenTo = static source => source.Name == GrainTelemetry.Name,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = seen.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(Directory, 3, change: static (number, options) => options with
        {
            Capacity = options.Capacity with { Role = number == 0 ? SiloRole.Attention : SiloRole.Experts },
        });
        await cluster.GenerateAsync(Prompts.Of(1, Vocabulary, 3)[0]);
        ModelReport report = await cluster.Model.ReportAsync();
        var steps = seen.GroupBy(static activity => activity.TraceId)
            .Where(static trace => trace.Any(static a => a.OperationName == "hunyuan.step" && a.Status != ActivityStatusCode.Error)).ToArray();
        Assert.NotEmpty(steps);
        foreach (string stage in report.Stages)
        {
            Assert.Contains(steps, trace => trace.Any(a => a.OperationName == "hunyuan.stage" && (string?)a.GetTagItem("hunyuan.shard") == stage));
        }

        Assert.Contains(steps, static trace => trace.Any(static a => a.OperationName == "hunyuan.experts"));
    }

    private static int Copies(ModelReport report)
    {
        var cells = report.Groups.Select(static key => PinnedKey.Parse(key).Experts)
            .SelectMany(static r => from layer in Enumerable.Range(r.FirstLayer, r.Layers) from e in Enumerable.Range(r.FirstExpert, r.Experts) select (layer, e)).ToArray();
        return cells.Length - cells.Distinct().Count();
    }
}
