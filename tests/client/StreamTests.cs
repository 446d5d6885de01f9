using System.Text;
using HunyuanOrleans.Client.Tests.Support;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Client.Tests;

/// <summary>Many streams at once, and streams that end before their time, on either side.</summary>
public sealed class StreamTests
{
    private const int Streams = 64, Long = 3500;

    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(10);

    [Fact]
    public async Task Streams_beside_each_other_are_as_alone()
    {
        GenerationRequest[] requests = Requests(Streams, 40);
        string[] expected = await UndisturbedAsync(requests);
        await using DemoCluster demo = await DemoCluster.StartAsync();
        Assert.Equal(expected, await Task.WhenAll(requests.Select(request => TextAsync(demo.Client.GenerateAsync(request)))));
        StatisticsMessage end = await demo.WaitUntilFreeAsync();
        Assert.Equal((Streams, 0), (end.Finished, end.Failed));
    }

    [Fact]
    public async Task A_text_goes_on_as_it_is_and_with_what_was_changed()
    {
        await using DemoCluster demo = await DemoCluster.StartAsync(silos: 1);
        List<AnswerChunk> chunks = await demo.Client.GenerateAsync("The capital of", request => request with { MaxTokens = 5, IgnoreEos = true, Choices = 2 }).ToListAsync();
        Assert.Equal([0, 1], chunks.Where(static c => c.Usage is not null).Select(static c => c.Choice).Order());
        int[] prompt = await demo.Client.EncodeAsync("The capital of");
        Assert.All(chunks.Where(static c => c.Usage is not null), last => Assert.Equal(
            (prompt.Length, 5, FinishReason.Length), (last.Usage!.PromptTokens, last.Usage.AnswerTokens, last.Finish)));
        Assert.Equal(10, chunks.Sum(static c => c.Ids.Length));
    }

    [Theory]
    [InlineData("token")]
    [InlineData("loop")]
    [InlineData("client")]
    public async Task Who_gives_up_frees_what_the_answer_held(string way)
    {
        await using DemoCluster demo = await DemoCluster.StartAsync(step: Slow);
        using CancellationTokenSource cancel = new();
        async Task ReadAsync()
        {
            await foreach (AnswerChunk chunk in demo.Client.GenerateAsync(Endless(), cancellationToken: cancel.Token))
            {
                if (way == "loop" && chunk.Ids.Length > 0)
                {
                    return;
                }

                if (way == "token")
                {
                    await cancel.CancelAsync();
                }
                else
                {
                    demo.Client.Dispose();
                }
            }
        }

        if (way == "loop")
        {
            await ReadAsync();
        }
        else
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(ReadAsync);
        }

        StatisticsMessage end = await demo.WaitUntilFreeAsync();
        Assert.Equal(1, end.Cancelled);
        Assert.InRange(end.AnswerTokens, 1, Long - 1);
        if (way == "client")
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => demo.Client.EncodeAsync("x"));
        }
    }

    [Fact]
    public async Task Who_vanishes_frees_it_too()
    {
        await using DemoCluster demo = await DemoCluster.StartAsync(step: Slow);
        IAsyncEnumerator<AnswerChunk> left = demo.Client.GenerateAsync(Endless()).GetAsyncEnumerator();
        Assert.True(await left.MoveNextAsync());

        // Nobody reads on, and nobody says so: the cluster notices by itself.
        StatisticsMessage end = await demo.WaitUntilFreeAsync(TimeSpan.FromSeconds(60));
        Assert.Equal((0, 1), (end.Finished, end.Cancelled));
        GC.KeepAlive(left);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_killed_silo_leaves_no_seam_in_any_text(int victim)
    {
        const int Count = 12;
        GenerationRequest[] requests = Requests(Count, 150);
        string[] expected = await UndisturbedAsync(requests);
        await using DemoCluster demo = await DemoCluster.StartAsync();
        TaskCompletionSource running = new();
        int begun = 0;
        Task<string>[] answers = [.. requests.Select(request => TextAsync(demo.Client.GenerateAsync(request), chunks =>
        {
            if (chunks == 3 && Interlocked.Increment(ref begun) == Count)
            {
                running.TrySetResult();
            }
        }))];
        await Task.WhenAny(running.Task, Task.WhenAll(answers));
        await demo.Cluster.Silos.KillSiloAsync(demo.Cluster.Silos.Silos[victim]);
        Assert.Equal(expected, await Task.WhenAll(answers).WaitAsync(TimeSpan.FromMinutes(2)));
    }

    private static GenerationRequest Endless() => new()
    {
        PromptIds = Enumerable.Range(300, 40).ToArray(), MaxTokens = Long, IgnoreEos = true, Sampling = SamplingParams.Greedy,
    };

    // Hot draws: texts full of broken characters, which is what seams would show in.
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

    private static async Task<string[]> UndisturbedAsync(GenerationRequest[] requests)
    {
        Tokenizer tokenizer = Tokenizer.Load(TestPaths.DemoModel);
        int[][][] ids = await Undisturbed.RunAsync(
            TestPaths.DemoModel, ComputeMode.F32, [.. requests.Select(static request => request with { StopStrings = [] })]);
        return [.. requests.Select((request, i) => new TextStream(new TokenizerText(tokenizer)).Append(
            new TokenChunk(ids[i][0], default, FinishReason.Length, false, null)))];
    }

    private static async Task<string> TextAsync(IAsyncEnumerable<AnswerChunk> chunks, Action<int>? seen = null)
    {
        StringBuilder text = new();
        int count = 0;
        await foreach (AnswerChunk chunk in chunks)
        {
            text.Append(chunk.Text);
            seen?.Invoke(++count);
        }

        return text.ToString();
    }
}
