using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Engine.Tests;

/// <summary>An engine behind the generator interface.</summary>
public sealed class LocalGeneratorTests
{
    private static readonly ExecutorLimits Limits = new(48, 200, 60, 4, 64, 8);

    [Fact]
    public async Task The_generator_gives_the_answers_of_the_engine()
    {
        await using var executor = new TinyModelExecutor(Limits);
        await using IGenerator generator = new LocalGenerator(
            InferenceEngine.Start(executor, new EngineOptions { EosIds = [5] }, new LetterText(48)), "tiny", executor);
        Assert.Equal(("tiny", 48, 200, true), (generator.Info.ModelName, generator.Info.VocabularySize, generator.Info.MaxContext, generator.Info.HasText));
        Assert.Equal([5], generator.Info.EosIds);
        GenerationRequest request = new() { PromptIds = new[] { 1, 2 }, MaxTokens = 20, Choices = 2, IgnoreEos = true, Sampling = new() { Seed = 3 } };
        IGeneration generation = await generator.SubmitAsync(request, CancellationToken.None);
        Assert.Equal(3UL, generation.Seed);
        foreach (IChoice choice in generation.Choices)
        {
            List<int> ids = [];
            await foreach (TokenChunk chunk in choice)
            {
                ids.AddRange(chunk.Ids.ToArray());
            }

            Assert.Equal(ReferenceDecoder.Run(request, 3, choice.Index, 20, 48, []).Ids, ids);
            Assert.Equal(ids, (await choice.Completion).Ids.ToArray());
        }

        Assert.Equal(40, (await generator.GetStatisticsAsync(CancellationToken.None)).AnswerTokens);
        await Assert.ThrowsAsync<RequestException>(async () => await generator.SubmitAsync(request with { Choices = 0 }, CancellationToken.None));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await generator.SubmitAsync(request, new CancellationToken(true)));
        RequestException adapter = await Assert.ThrowsAsync<RequestException>(async () => await generator.SubmitAsync(request with { Adapter = "a" }, CancellationToken.None));
        Assert.Equal("model", adapter.Parameter);
    }

    [Fact]
    public async Task Progress_tells_after_each_step_how_far_the_prompt_is_computed()
    {
        using var gate = new SemaphoreSlim(0);
        int steps = 0;
        await using var executor = new TinyModelExecutor(Limits) { BeforeStep = async _ => { Interlocked.Increment(ref steps); await gate.WaitAsync(); } };
        await using IGenerator generator = new LocalGenerator(
            InferenceEngine.Start(executor, new EngineOptions { Scheduler = new() { TokenBudget = 8, PrefillChunk = 8, MaxSequences = 8 } }), "tiny");
        GenerationRequest request = new() { PromptIds = Enumerable.Range(0, 30).ToArray(), MaxTokens = 3, ReportProgress = true };
        for (int cached = 0; cached <= 28; cached += 28)
        {
            int before = steps;
            IChoice choice = (await generator.SubmitAsync(request, CancellationToken.None)).Choices[0];
            for (int processed = cached, step = 1; processed < 30; processed += 8, step++)
            {
                await Wait.UntilAsync(() => Volatile.Read(ref steps) == before + step);
                Assert.Equal((30, cached, processed), (choice.Progress!.Total, choice.Progress.Cached, choice.Progress.Processed));
                gate.Release();
            }

            gate.Release(2);
            await choice.Completion;
            Assert.Equal(30, choice.Progress!.Processed);
        }

        gate.Release(1000);
        IChoice silent = (await generator.SubmitAsync(request with { ReportProgress = false }, CancellationToken.None)).Choices[0];
        await silent.Completion;
        Assert.Null(silent.Progress);
    }

    [Fact]
    public async Task A_reset_of_the_prefix_cache_changes_no_answer_and_is_seen_by_later_prompts()
    {
        using var gate = new SemaphoreSlim(0);
        int steps = 0;
        await using var executor = new TinyModelExecutor(Limits) { BeforeStep = async _ => { Interlocked.Increment(ref steps); await gate.WaitAsync(); } };
        IGenerator generator = new LocalGenerator(InferenceEngine.Start(executor), "tiny");
        GenerationRequest request = new() { PromptIds = Enumerable.Range(0, 30).ToArray(), MaxTokens = 20, Sampling = new() { Seed = 3 } };
        int[] expected = [.. ReferenceDecoder.Run(request, 3, 0, 20, 48, []).Ids];

        // The first reset happens while a step is computed.
        IChoice first = (await generator.SubmitAsync(request, CancellationToken.None)).Choices[0];
        gate.Release(5);
        await Wait.UntilAsync(() => Volatile.Read(ref steps) == 6);
        Assert.True(await generator.ResetPrefixCacheAsync(CancellationToken.None) > 0);
        Assert.Equal(0, await generator.ResetPrefixCacheAsync(CancellationToken.None));
        gate.Release(10_000);
        Assert.Equal(expected, (await first.Completion).Ids.ToArray());

        ChoiceResult second = await (await generator.SubmitAsync(request, CancellationToken.None)).Choices[0].Completion;
        Assert.Equal((0, string.Join(',', expected)), (second.CachedPromptTokens, string.Join(',', second.Ids.ToArray())));
        ChoiceResult third = await (await generator.SubmitAsync(request, CancellationToken.None)).Choices[0].Completion;
        Assert.True(third.CachedPromptTokens > 0);
        await generator.ResetPrefixCacheAsync(CancellationToken.None);
        ChoiceResult fourth = await (await generator.SubmitAsync(request, CancellationToken.None)).Choices[0].Completion;
        Assert.Equal((0, string.Join(',', expected)), (fourth.CachedPromptTokens, string.Join(',', fourth.Ids.ToArray())));
        EngineStatistics statistics = await generator.GetStatisticsAsync(CancellationToken.None);
        Assert.Equal((0, statistics.KvBlocks), (statistics.KvUsed, statistics.KvCached + statistics.KvFree));

        await generator.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await generator.ResetPrefixCacheAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Cancelling_and_disposing_end_answers()
    {
        using var gate = new SemaphoreSlim(0);
        await using var executor = new TinyModelExecutor(Limits) { BeforeStep = async _ => await gate.WaitAsync() };
        IGenerator generator = new LocalGenerator(InferenceEngine.Start(executor), "tiny");
        GenerationRequest request = new() { PromptIds = new[] { 1 }, MaxTokens = 30, Choices = 2 };
        IGeneration cancelled = await generator.SubmitAsync(request, CancellationToken.None);
        IGeneration half = await generator.SubmitAsync(request, CancellationToken.None);
        cancelled.Cancel();
        half.Choices[1].Cancel();
        gate.Release(1000);
        Assert.All(await Task.WhenAll(cancelled.Choices.Select(choice => choice.Completion)), answer => Assert.Equal(FinishReason.Cancelled, answer.Finish));
        Assert.Equal(FinishReason.Length, (await half.Choices[0].Completion).Finish);
        Assert.Equal(FinishReason.Cancelled, (await half.Choices[1].Completion).Finish);
        await generator.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await generator.SubmitAsync(request, CancellationToken.None));
    }
}
