using System.Text;
using HunyuanOrleans.Client.Tests.Support;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Client.Tests;

/// <summary>Concurrent streams, and streams that their reader or a silo ends early.</summary>
[Collection(nameof(DemoCluster))]
public sealed class StreamTests(DemoCluster demo, SpecialModelsCluster special)
{
    private const int Streams = 64, LongAnswer = 3500;

    [Fact]
    public async Task Concurrent_streams_give_the_same_texts_as_alone()
    {
        GenerationRequest[] requests = Requests(Streams, 40);
        string[] expected = await LocalTextsAsync(requests);
        StatisticsMessage before = (await demo.Cluster.Model.ReportAsync()).Statistics;
        Assert.Equal(expected, await Task.WhenAll(requests.Select(request => ReadAsync(demo.Client.GenerateAsync(request)))));
        StatisticsMessage after = (await demo.Cluster.Model.UntilIdleAsync()).Statistics;
        Assert.Equal((Streams, 0), (after.Finished - before.Finished, after.Failed - before.Failed));
    }

    [Fact]
    public async Task A_text_is_continued_with_the_callers_changes_to_the_request()
    {
        List<AnswerChunk> chunks = await demo.Client.GenerateAsync(
            "The capital of", static request => request with { MaxTokens = 5, IgnoreEos = true, Choices = 2 }).ToListAsync();
        Assert.Equal([0, 1], chunks.Where(static c => c.Usage is not null).Select(static c => c.Choice).Order());
        int[] prompt = await demo.Client.EncodeAsync("The capital of");
        Assert.All(chunks.Where(static c => c.Usage is not null), last => Assert.Equal(
            (prompt.Length, 5, FinishReason.Length), (last.Usage!.PromptTokens, last.Usage.AnswerTokens, last.Finish)));
        Assert.Equal(10, chunks.Sum(static c => c.Ids.Length));
    }

    [Theory]
    [InlineData("cancels the token")]
    [InlineData("leaves the loop")]
    [InlineData("disposes the client")]
    public async Task A_cancelled_stream_frees_the_resources_of_its_answer(string action)
    {
        ModelClient model = special.Cluster.ClientOf(SpecialModelsCluster.Slow);
        using HunyuanClient client = DemoCluster.ClientOf(special.Cluster, SpecialModelsCluster.Slow);
        StatisticsMessage before = (await model.ReportAsync()).Statistics;
        using CancellationTokenSource cancel = new();
        async Task ReadAndCancelAsync()
        {
            await foreach (AnswerChunk chunk in client.GenerateAsync(LongRequest(), cancellationToken: cancel.Token))
            {
                switch (action)
                {
                    case "cancels the token":
                        await cancel.CancelAsync();
                        break;
                    case "disposes the client":
                        client.Dispose();
                        break;
                    default:
                        if (chunk.Ids.Length > 0)
                        {
                            return;
                        }

                        break;
                }
            }
        }

        if (action == "leaves the loop")
        {
            await ReadAndCancelAsync();
        }
        else
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(ReadAndCancelAsync);
        }

        StatisticsMessage after = (await model.UntilIdleAsync()).Statistics;
        Assert.Equal(1, after.Cancelled - before.Cancelled);
        Assert.InRange(after.AnswerTokens - before.AnswerTokens, 1, LongAnswer - 1);
        if (action == "disposes the client")
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => client.EncodeAsync("x"));
        }
    }

    [Fact]
    public async Task An_abandoned_stream_frees_the_resources_of_its_answer()
    {
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(DemoCluster.Silos, DemoCluster.Model, setup: new ClusterSetup
        {
            FailsFast = true,
            ConfigureSilo = static (_, silo) => DemoCluster.SlowDown(silo, DemoCluster.Model),
        });
        await using HunyuanClient client = DemoCluster.ClientOf(cluster);
        IAsyncEnumerator<AnswerChunk> abandoned = client.GenerateAsync(LongRequest()).GetAsyncEnumerator();
        Assert.True(await abandoned.MoveNextAsync());

        // The enumerator is neither read nor disposed. The cluster must detect that by itself.
        StatisticsMessage end = (await cluster.Model.UntilIdleAsync()).Statistics;
        Assert.Equal((0, 1), (end.Finished, end.Cancelled));
        GC.KeepAlive(abandoned);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_killed_silo_changes_no_text(int victim)
    {
        const int Count = 12;
        GenerationRequest[] requests = Requests(Count, 150);
        string[] expected = await LocalTextsAsync(requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(
            DemoCluster.Silos, DemoCluster.Model, setup: new ClusterSetup { FailsFast = true });
        await using HunyuanClient client = DemoCluster.ClientOf(cluster);
        TaskCompletionSource allRunning = new();
        int running = 0;
        Task<string>[] answers = [.. requests.Select(request => ReadAsync(client.GenerateAsync(request), chunks =>
        {
            if (chunks == 3 && Interlocked.Increment(ref running) == Count)
            {
                allRunning.TrySetResult();
            }
        }))];
        await Task.WhenAny(allRunning.Task, Task.WhenAll(answers));
        await cluster.KillAsync(cluster.NameOf(victim));
        Assert.Equal(expected, await Task.WhenAll(answers).WaitAsync(Wait.Limit));
    }

    private static GenerationRequest LongRequest() => new()
    {
        PromptIds = Enumerable.Range(300, 40).ToArray(), MaxTokens = LongAnswer, IgnoreEos = true, Sampling = SamplingParams.Greedy,
    };

    // A high temperature gives texts full of invalid characters, which show whether a resumed text joins without a fault.
    private static GenerationRequest[] Requests(int count, int tokens)
    {
        Random random = new(3);
        return [.. Enumerable.Range(0, count).Select(i => new GenerationRequest
        {
            PromptIds = Enumerable.Range(0, 4 + (i % 20)).Select(_ => random.Next(4300)).ToArray(),
            Sampling = new SamplingParams { Temperature = 3, Seed = (ulong)i },
            MaxTokens = tokens,
            IgnoreEos = true,
            StopStrings = i % 2 == 0 ? [] : ["zzzzzz", "的的的"],
        })];
    }

    private static async Task<string[]> LocalTextsAsync(GenerationRequest[] requests)
    {
        Tokenizer tokenizer = Tokenizer.Load(DemoCluster.Model.Directory);
        int[][][] ids = await LocalReference.RunAsync(DemoCluster.Model, [.. requests.Select(static request => request with { StopStrings = [] })]);
        return [.. requests.Select((request, i) => new TextStream(new TokenizerText(tokenizer)).Append(
            new TokenChunk(ids[i][0], default, FinishReason.Length, false, null)))];
    }

    private static async Task<string> ReadAsync(IAsyncEnumerable<AnswerChunk> chunks, Action<int>? onChunk = null)
    {
        StringBuilder text = new();
        int count = 0;
        await foreach (AnswerChunk chunk in chunks)
        {
            text.Append(chunk.Text);
            onChunk?.Invoke(++count);
        }

        return text.ToString();
    }
}
