using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Requests that are wrong, cancelled, abandoned or too many hold nothing afterwards and harm no others.</summary>
[Collection(nameof(SharedClusters))]
public sealed class RequestTests(SharedClusters clusters)
{
    private const string Folder = "tiny-cla";

    private static readonly TestModel Wrong = new(Folder, Purpose: "wrong requests");

    private static readonly TestModel Cancelled = new(Folder, Purpose: "cancelled requests");

    private static readonly TestModel Abandoned = new(Folder, Purpose: "abandoned requests");

    private static readonly TestModel LongQueue = new(Folder, Purpose: "long queue") { QueueLength = 100_000 };

    private static readonly TestModel ShortQueue = new(Folder, Purpose: "short queue") { QueueLength = 4 };

    private static readonly int Vocabulary = Wrong.VocabularySize;

    internal static TestModel[] Models => [Wrong, Cancelled, Abandoned, LongQueue, ShortQueue];

    [Fact]
    public async Task A_wrong_request_fails_alone_and_says_why()
    {
        HunyuanCluster cluster = await clusters.StartAsync(2);
        ModelClient client = cluster.ClientOf(Wrong);
        GenerationRequest good = TestRequests.Create(1, Vocabulary)[0];
        Task<int[][]> running = client.GenerateAsync(good);
        TokenBatch outside = await client.StreamAsync(good with { PromptIds = new[] { 1, Vocabulary } }).FirstAsync();
        Assert.Equal("prompt", outside.RequestError!.Parameter);
        Assert.Contains($"{Vocabulary - 1}", outside.Error, StringComparison.Ordinal);
        TokenBatch tooLong = await client.StreamAsync(good with { PromptIds = new int[TestModel.KvTokens + 1] }).FirstAsync();
        Assert.Contains("prompt", tooLong.Error, StringComparison.Ordinal);
        TokenBatch wrongSampling = await client.StreamAsync(good with { Sampling = new SamplingParams { TopP = 2 } }).FirstAsync();
        Assert.Equal("top_p", wrongSampling.RequestError!.Parameter);
        RequestSpec unknown = client.Spec(good) with { Model = "nobody" };
        TokenBatch noModel = await cluster.Silos.Client.GetGrain<IRequestGrain>(Guid.NewGuid()).RunAsync(unknown, CancellationToken.None).FirstAsync();
        Assert.Equal("model", noModel.RequestError!.Parameter);
        Assert.Equal((await LocalReference.RunAsync(Wrong, [good]))[0], await running);
    }

    [Fact]
    public async Task Cancelled_requests_free_their_blocks()
    {
        ModelClient client = await clusters.StartAsync(3, Cancelled);
        GenerationRequest[] requests = TestRequests.Create(16, Vocabulary, 2000);
        using CancellationTokenSource stop = new();
        Task[] runs = [.. requests.Select(request => client.GenerateAsync(request, stop.Token))];
        await client.UntilAsync(static report => report.Statistics.AnswerTokens > 100);
        await stop.CancelAsync();
        foreach (Task run in runs)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        }

        ModelReport end = await client.UntilIdleAsync();
        Assert.Equal(16, end.Statistics.Cancelled);
    }

    [Fact]
    public async Task Readers_that_stop_reading_end_their_requests()
    {
        ModelClient client = await clusters.StartAsync(2, Abandoned);
        await client.StreamAsync(TestRequests.Create(1, Vocabulary, 3000)[0]).FirstAsync(static batch => batch.Ids.Length > 0);
        await client.UntilAsync(static report => report.Statistics is { Running: 0, Waiting: 0, KvUsed: 0, Cancelled: 1 });
    }

    [Fact]
    public async Task Ten_thousand_requests_queue_and_hold_nothing_afterwards()
    {
        ModelClient client = await clusters.StartAsync(2, LongQueue);
        GenerationRequest request = TestRequests.Create(1, Vocabulary, 1)[0] with { PromptIds = new[] { 5, 6, 7 } };
        await client.GenerateAsync(request);
        int[][][] answers = await client.GenerateAllAsync(Enumerable.Repeat(request, 10_000));
        Assert.All(answers, answer => Assert.Equal(answers[0], answer));
        ModelReport end = await client.UntilIdleAsync();

        // A client that waits too long for its answer asks again.
        Assert.True(end.Statistics.Finished >= 10_001);
        Assert.Equal(0, end.Statistics.Failed);
    }

    [Fact]
    public async Task A_full_queue_refuses_and_says_so()
    {
        ModelClient client = await clusters.StartAsync(1, ShortQueue);
        GenerationRequest request = TestRequests.Create(1, Vocabulary, 3000)[0] with { Choices = 4, Sampling = new SamplingParams { Seed = 1 } };
        using CancellationTokenSource stop = new();
        Task[] readers = [.. Enumerable.Range(0, 40).Select(async _ =>
        {
            await foreach (TokenBatch batch in client.StreamAsync(request, stop.Token))
            {
                if (batch.RequestError is { } error)
                {
                    Assert.True(error.QueueFull);
                    await stop.CancelAsync();
                }
            }
        })];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(readers));
        await client.UntilIdleAsync();
    }
}
