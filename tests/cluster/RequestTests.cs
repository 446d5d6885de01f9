using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Orleans.Configuration;
using Orleans.Hosting;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Requests that are wrong, given up or too many leave nothing behind and harm no other.</summary>
public sealed class RequestTests
{
    private static readonly string Directory = Path.Combine(TestPaths.Data, "models", "tiny-cla");

    private static readonly int Vocabulary = ModelConfig.Load(Directory).VocabSize;

    [Fact]
    public async Task A_wrong_request_fails_alone_and_says_why()
    {
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(Directory, 2);
        GenerationRequest good = Prompts.Of(1, Vocabulary)[0];
        Task<int[][]> running = cluster.GenerateAsync(good);
        TokenBatch outside = await OnlyAsync(cluster, good with { PromptIds = new[] { 1, Vocabulary } });
        Assert.Equal("prompt", outside.RequestError!.Parameter);
        Assert.Contains($"{Vocabulary - 1}", outside.Error);
        TokenBatch tooLong = await OnlyAsync(cluster, good with { PromptIds = new int[HunyuanCluster.KvTokens + 1] });
        Assert.Contains("prompt", tooLong.Error);
        TokenBatch wrongSampling = await OnlyAsync(cluster, good with { Sampling = new SamplingParams { TopP = 2 } });
        Assert.Equal("top_p", wrongSampling.RequestError!.Parameter);
        RequestSpec unknown = RequestSpec.Of("nobody", good, TimeSpan.FromSeconds(10));
        TokenBatch noModel = await FirstAsync(cluster.Silos.Client.GetGrain<IRequestGrain>(Guid.NewGuid()).RunAsync(unknown, default));
        Assert.Equal("model", noModel.RequestError!.Parameter);
        Assert.Equal((await Undisturbed.RunAsync(Directory, ComputeMode.F32, [good]))[0], await running);
    }

    [Fact]
    public async Task Cancelled_requests_give_their_blocks_back()
    {
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(Directory, 3);
        GenerationRequest[] requests = Prompts.Of(16, Vocabulary, 2000);
        using CancellationTokenSource stop = new();
        Task[] runs = [.. requests.Select(r => cluster.GenerateAsync(r, stop.Token))];
        await cluster.UntilRouteAsync(report => report.Statistics.AnswerTokens > 100);
        await stop.CancelAsync();
        foreach (Task run in runs)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        }

        ModelReport end = await cluster.UntilRouteAsync(report => report.Statistics is { Running: 0, Waiting: 0, KvUsed: 0 });
        Assert.Equal(16, end.Statistics.Cancelled);
    }

    [Fact]
    public async Task Readers_that_leave_end_their_requests()
    {
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(Directory, 2);
        await foreach (TokenBatch batch in cluster.StreamAsync(Prompts.Of(1, Vocabulary, 3000)[0]))
        {
            if (batch.Ids.Length > 0)
            {
                break;
            }
        }

        await cluster.UntilRouteAsync(report => report.Statistics is { Running: 0, Waiting: 0, KvUsed: 0, Cancelled: 1 });
    }

    [Fact]
    public async Task Ten_thousand_requests_queue_and_leave_nothing_behind()
    {
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            Directory, 2, queue: 100_000, more: static (_, silo) => silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(60)));
        GenerationRequest request = Prompts.Of(1, Vocabulary, 1)[0] with { PromptIds = new[] { 5, 6, 7 } };
        await cluster.GenerateAsync(request);
        Task<int[][]>[] all = [.. Enumerable.Range(0, 10_000).Select(_ => cluster.GenerateAsync(request))];
        int[][][] answers = await Task.WhenAll(all);
        Assert.All(answers, answer => Assert.Equal(answers[0], answer));
        ModelReport end = await cluster.UntilRouteAsync(report => report.Statistics is { Running: 0, Waiting: 0, KvUsed: 0 });

        // Callers that waited too long may have asked again.
        Assert.True(end.Statistics.Finished >= 10_001);
        Assert.Equal(0, end.Statistics.Failed);
    }

    [Fact]
    public async Task A_full_queue_refuses_and_says_so()
    {
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(Directory, 1, queue: 4);
        GenerationRequest request = Prompts.Of(1, Vocabulary, 3000)[0] with { Choices = 4, Sampling = new SamplingParams { Seed = 1 } };
        using CancellationTokenSource stop = new();
        Task[] hogs = [.. Enumerable.Range(0, 40).Select(async _ =>
        {
            await foreach (TokenBatch batch in cluster.StreamAsync(request, stop.Token))
            {
                if (batch.RequestError is { } error)
                {
                    Assert.True(error.QueueFull);
                    await stop.CancelAsync();
                }
            }
        })];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(hogs));
        await cluster.UntilRouteAsync(report => report.Statistics is { Running: 0, Waiting: 0, KvUsed: 0 });
    }

    private static Task<TokenBatch> OnlyAsync(HunyuanCluster cluster, GenerationRequest request) => FirstAsync(cluster.StreamAsync(request));

    private static async Task<TokenBatch> FirstAsync(IAsyncEnumerable<TokenBatch> stream)
    {
        await foreach (TokenBatch batch in stream)
        {
            return batch;
        }

        throw new InvalidOperationException("Nothing came.");
    }
}
