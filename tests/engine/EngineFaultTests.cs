using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Tests.Support;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Text.Streaming;
using Xunit;

namespace HunyuanOrleans.Engine.Tests;

public sealed class EngineFaultTests
{
    private static readonly ExecutorLimits Limits = new(48, 200, 60, 4, 64, 8);

    [Fact]
    public async Task A_failing_step_ends_its_answers_with_an_error_and_the_next_request_is_served()
    {
        bool fail = true;
        await using var executor = new TinyModelExecutor(Limits)
        {
            BeforeStep = batch => fail && batch.Slices[0].Start > 6 ? throw new IOException("secret detail") : ValueTask.CompletedTask,
        };
        await using var engine = InferenceEngine.Start(executor);
        GenerationRequest request = new() { PromptIds = new[] { 1, 2, 3 }, MaxTokens = 20, Sampling = SamplingParams.Greedy };
        ChoiceResult failed = (await engine.Submit(request).CompletionAsync())[0];
        Assert.Equal(FinishReason.Error, failed.Finish);
        Assert.Contains("failed", failed.Error);
        Assert.DoesNotContain("secret", failed.Error);
        int[] expected = ReferenceDecoder.Run(request, 0, 0, 20, 48, []).Ids;
        Assert.Equal(expected.Take(5), failed.Ids.ToArray());

        fail = false;
        ChoiceResult served = (await engine.Submit(request).CompletionAsync())[0];
        Assert.Equal(expected, served.Ids.ToArray());
        EngineStatistics statistics = await EngineTests.WhenIdle(engine);
        Assert.Equal((1L, 1L, 0), (statistics.Failed, statistics.Finished, statistics.KvUsed));
    }

    [Fact]
    public async Task An_adapter_that_cannot_be_used_ends_its_own_answers_only()
    {
        TestAdapter lost = new("0A"), other = new("0B");
        await using var executor = new TinyModelExecutor(Limits)
        {
            BeforeStep = batch => batch.Slices.ToArray().FirstOrDefault(static slice => slice.Adapter?.Digest == "0A" && slice.Start > 6).Adapter is { } adapter
                ? throw new ExecutorException("The adapter is gone.") { Adapter = adapter }
                : ValueTask.CompletedTask,
        };
        await using var engine = InferenceEngine.Start(executor);
        GenerationRequest request = new() { PromptIds = new[] { 1, 2, 3 }, MaxTokens = 20, Sampling = SamplingParams.Greedy };
        int[] expected = ReferenceDecoder.Run(request, 0, 0, 20, 48, []).Ids;
        Generation[] generations =
            [engine.Submit(request), engine.Submit(request with { Adapter = "lost" }, lost), engine.Submit(request with { Adapter = "other" }, other), engine.Submit(request with { Adapter = "lost" }, lost)];
        ChoiceResult[] results = [.. (await Task.WhenAll(generations.Select(static generation => generation.CompletionAsync()))).Select(static choices => choices[0])];
        Assert.Equal([FinishReason.Length, FinishReason.Error, FinishReason.Length, FinishReason.Error], results.Select(static result => result.Finish));
        Assert.Equal("The adapter is gone.", results[1].Error);
        Assert.Equal(expected, results[0].Ids.ToArray());
        Assert.Equal(expected, results[2].Ids.ToArray());
        Assert.Equal(0, (await EngineTests.WhenIdle(engine)).KvUsed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_executor_exception_ends_answers_with_its_message(bool affectsAll)
    {
        using var gate = new SemaphoreSlim(0);
        bool fail = true;
        await using var executor = new TinyModelExecutor(Limits)
        {
            BeforeStep = async _ =>
            {
                await gate.WaitAsync();
                if (fail)
                {
                    throw new ExecutorException("The cluster is too small.", affectsAll);
                }
            },
        };
        await using var engine = InferenceEngine.Start(executor, new EngineOptions { Scheduler = new() { MaxSequences = 1 } });
        GenerationRequest request = new() { PromptIds = new[] { 1 }, MaxTokens = 2 };
        Generation running = engine.Submit(request);
        Assert.True(SpinWait.SpinUntil(() => engine.GetStatistics() is { Running: 1, Waiting: 0 }, TimeSpan.FromMinutes(5)));
        Generation waiting = engine.Submit(request with { Choices = 2 });
        gate.Release();
        ChoiceResult failed = (await running.CompletionAsync())[0];
        Assert.Equal((FinishReason.Error, "The cluster is too small."), (failed.Finish, failed.Error));
        if (affectsAll)
        {
            Assert.All(await waiting.CompletionAsync(), answer => Assert.Equal((FinishReason.Error, "The cluster is too small."), (answer.Finish, answer.Error)));
        }

        fail = false;
        gate.Release(1000);
        Assert.Equal(FinishReason.Length, (await engine.Submit(request).CompletionAsync())[0].Finish);
        Assert.All(await waiting.CompletionAsync(), answer => Assert.Equal(affectsAll ? FinishReason.Error : FinishReason.Length, answer.Finish));
        Assert.Equal((affectsAll ? 3L : 1L, 0), ((await EngineTests.WhenIdle(engine)).Failed, engine.GetStatistics().KvUsed));
    }

    [Fact]
    public async Task Forbidding_every_token_fails_that_answer_alone()
    {
        await using var executor = new TinyModelExecutor(Limits);
        await using var engine = InferenceEngine.Start(executor);
        Generation good = engine.Submit(new() { PromptIds = new[] { 1 }, MaxTokens = 30 });
        Generation bad = engine.Submit(new() { PromptIds = new[] { 2 }, MaxTokens = 30, Sampling = new() { BannedTokens = [.. Enumerable.Range(0, 48)] } });
        List<TokenChunk> chunks = [];
        await foreach (TokenChunk chunk in bad.Choices[0])
        {
            chunks.Add(chunk);
        }

        Assert.Equal(FinishReason.Error, Assert.Single(chunks).Finish);
        Assert.Contains("No token could be drawn", chunks[0].Error);
        Assert.Equal(FinishReason.Length, (await good.CompletionAsync())[0].Finish);
    }

    [Fact]
    public async Task A_failure_of_the_engine_itself_ends_all_answers_and_resets_the_engine()
    {
        await using var executor = new TinyModelExecutor(Limits);
        var text = new FailingTokenText();
        await using var engine = InferenceEngine.Start(executor, text: text);
        GenerationRequest request = new() { PromptIds = new int[30], MaxTokens = 30, StopStrings = ["x"] };
        ChoiceResult failed = (await engine.Submit(request).CompletionAsync())[0];
        Assert.Equal(FinishReason.Error, failed.Finish);
        Assert.Contains("The engine failed", failed.Error);
        text.Healed = true;
        ChoiceResult served = (await engine.Submit(request).CompletionAsync())[0];
        Assert.Equal((FinishReason.Length, 0), (served.Finish, served.CachedPromptTokens));
        Assert.Equal(0, (await EngineTests.WhenIdle(engine)).KvUsed);
    }

    [Fact]
    public async Task A_full_queue_rejects_requests_until_there_is_room()
    {
        using var gate = new SemaphoreSlim(0);
        await using var executor = new TinyModelExecutor(Limits) { BeforeStep = async _ => await gate.WaitAsync() };
        await using var engine = InferenceEngine.Start(executor, new EngineOptions { Scheduler = new() { MaxSequences = 1, QueueLength = 3 } });
        GenerationRequest request = new() { PromptIds = new[] { 1 }, MaxTokens = 1 };
        Generation running = engine.Submit(request);
        Assert.True(SpinWait.SpinUntil(() => engine.GetStatistics() is { Running: 1, Waiting: 0 }, TimeSpan.FromMinutes(5)));
        Generation[] waiting = [engine.Submit(request with { Choices = 2 }), engine.Submit(request)];
        QueueFullException full = Assert.Throws<QueueFullException>(() => engine.Submit(request));
        Assert.Equal((3, 3), (full.Waiting, full.Limit));
        Assert.Equal("n", Assert.Throws<RequestException>(() => engine.Submit(request with { Choices = 4 })).Parameter);

        gate.Release(100);
        await Task.WhenAll(waiting.Append(running).Select(generation => generation.CompletionAsync()));
        Assert.Equal(FinishReason.Length, (await engine.Submit(request).CompletionAsync())[0].Finish);
    }

    [Fact]
    public async Task A_slow_reader_delays_nobody_and_misses_no_token()
    {
        await using var executor = new TinyModelExecutor(Limits);
        await using var engine = InferenceEngine.Start(executor);
        GenerationRequest request = new() { PromptIds = new[] { 7 }, MaxTokens = 150, Sampling = new() { Seed = 3, LogProbabilities = 1 } };
        ChoiceStream slow = engine.Submit(request).Choices[0];
        await using IAsyncEnumerator<TokenChunk> reader = slow.GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync());
        List<TokenChunk> chunks = [reader.Current];
        await slow.Completion;
        while (await reader.MoveNextAsync())
        {
            chunks.Add(reader.Current);
        }

        Assert.True(chunks.Count <= 2);
        Assert.Equal(ReferenceDecoder.Run(request, 3, 0, 150, 48, []).Ids, chunks.SelectMany(chunk => chunk.Ids.ToArray()));
        Assert.Equal(chunks.SelectMany(chunk => chunk.Ids.ToArray()), chunks.SelectMany(chunk => chunk.Samples.ToArray().Select(sample => sample.Id)));
    }

    [Fact]
    public async Task Leaving_the_stream_or_cancelling_ends_the_answer_and_releases_its_blocks()
    {
        using var gate = new SemaphoreSlim(0);
        await using var executor = new TinyModelExecutor(Limits) { BeforeStep = async _ => await gate.WaitAsync() };
        await using var engine = InferenceEngine.Start(executor, new EngineOptions { Scheduler = new() { PrefixCache = false } });
        using var source = new CancellationTokenSource();
        GenerationRequest request = new() { PromptIds = new[] { 1, 2, 3 } };
        Generation left = engine.Submit(request);
        Generation cancelled = engine.Submit(request with { Cancellation = source.Token });
        Generation thrown = engine.Submit(request);
        Generation unread = engine.Submit(request with { MaxTokens = 9 });
        gate.Release(5);
        await foreach (TokenChunk chunk in left.Choices[0])
        {
            Assert.False(chunk.Ids.IsEmpty);
            break;
        }

        using var readerSource = new CancellationTokenSource();
        ValueTask read = ReadAll(thrown.Choices[0], readerSource.Token);
        source.Cancel();
        readerSource.Cancel();
        gate.Release(1000);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await read);
        foreach (Generation generation in (Generation[])[left, cancelled, thrown])
        {
            Assert.Equal(FinishReason.Cancelled, (await generation.CompletionAsync())[0].Finish);
        }

        Assert.Equal(FinishReason.Length, (await unread.CompletionAsync())[0].Finish);
        EngineStatistics statistics = await EngineTests.WhenIdle(engine);
        Assert.Equal((0, 60, 3L), (statistics.KvUsed, statistics.KvFree, statistics.Cancelled));
    }

    [Fact]
    public async Task Disposing_cancels_answers_and_draining_lets_them_end()
    {
        await using var executor = new TinyModelExecutor(Limits) { BeforeStep = async _ => await Task.Delay(1) };
        var engine = InferenceEngine.Start(executor);
        GenerationRequest request = new() { PromptIds = new[] { 1 }, MaxTokens = 20 };
        Generation drained = engine.Submit(request);
        await engine.DrainAsync();
        Assert.Equal(FinishReason.Length, (await drained.Choices[0].Completion).Finish);
        Assert.Throws<ObjectDisposedException>(() => engine.Submit(request));
        await engine.DisposeAsync();

        engine = InferenceEngine.Start(executor);
        Generation aborted = engine.Submit(request with { MaxTokens = null });
        await engine.DisposeAsync();
        Assert.Equal(FinishReason.Cancelled, (await aborted.Choices[0].Completion).Finish);
        Assert.Equal(0, engine.GetStatistics().KvUsed);
    }

    private sealed class FailingTokenText : ITokenText
    {
        public volatile bool Healed;

        public ReadOnlySpan<byte> TokenBytes(int id) => Healed ? [] : throw new InvalidDataException("broken");
    }

    private static async ValueTask ReadAll(ChoiceStream stream, CancellationToken cancellationToken)
    {
        await foreach (TokenChunk chunk in stream.WithCancellation(cancellationToken))
        {
            Assert.NotEqual(FinishReason.Error, chunk.Finish);
        }
    }

    private sealed record TestAdapter(string Digest) : IAdapter;
}
