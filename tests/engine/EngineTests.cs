using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Engine.Tests.Support;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Engine.Tests;

public sealed class EngineTests
{
    private static readonly ExecutorLimits Limits = new(48, 200, 60, 4, 64, 8);

    [Fact]
    public async Task A_request_is_answered_as_it_would_be_alone()
    {
        await using var executor = new TinyModelExecutor(Limits);
        await using var engine = InferenceEngine.Start(executor, new EngineOptions { EosIds = [5] });
        GenerationRequest request = new() { PromptIds = new[] { 1, 2, 3 }, MaxTokens = 40, Sampling = new() { Seed = 8 }, IgnoreEos = true };
        List<int> streamed = [];
        TokenChunk last = default;
        await foreach (TokenChunk chunk in engine.Submit(request).Choices[0])
        {
            streamed.AddRange(chunk.Ids.ToArray());
            last = chunk;
        }

        Assert.Equal(ReferenceDecoder.Run(request, 8, 0, 40, Limits.VocabularySize, [5]).Ids, streamed);
        Assert.Equal(FinishReason.Length, last.Finish);
    }

    [Fact]
    public async Task Concurrent_callers_each_get_their_own_answer()
    {
        await using var executor = new TinyModelExecutor(Limits);
        await using var engine = InferenceEngine.Start(executor, text: new LetterText(Limits.VocabularySize));
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            await Task.Yield();
            GenerationRequest request = new()
            {
                PromptIds = Enumerable.Range(0, 1 + i).Select(p => p * (1 + (i % 3)) % 48).ToArray(),
                MaxTokens = 5 + (i * 3),
                Choices = 1 + (i % 2),
                StopStrings = ["abca"],
                Sampling = new() { Seed = (ulong)i, RepetitionPenalty = 1.1f },
            };
            Generation generation = engine.Submit(request);
            foreach (ChoiceStream choice in generation.Choices)
            {
                List<int> streamed = [];
                await foreach (TokenChunk chunk in choice)
                {
                    streamed.AddRange(chunk.Ids.ToArray());
                    if (i % 7 == 0)
                    {
                        await Task.Delay(1);
                    }
                }

                Assert.Equal(ReferenceDecoder.Run(request, (ulong)i, choice.Index, request.MaxTokens!.Value, 48, []).Ids, streamed);
            }
        }));
        EngineStatistics statistics = await WhenIdle(engine);
        Assert.Equal(60, statistics.Finished);
        Assert.Equal(0, statistics.Cancelled + statistics.Failed);
        Assert.Equal(statistics.KvBlocks, statistics.KvFree + statistics.KvCached);
    }

    [Fact]
    public async Task The_answers_of_one_request_share_the_blocks_of_its_prompt()
    {
        await using var executor = new TinyModelExecutor(Limits);
        await using var engine = InferenceEngine.Start(executor, new EngineOptions { Scheduler = new() { MaxSequences = 8, TokenBudget = 16 } });
        int[] prompt = [.. Enumerable.Range(0, 41)];
        ChoiceResult[] answers = await engine.Submit(new() { PromptIds = prompt, MaxTokens = 6, Choices = 4 }).CompletionAsync();
        Assert.Equal([0, 40, 40, 40], answers.Select(answer => answer.CachedPromptTokens));
        Assert.Equal(4, answers.Select(answer => string.Join(',', answer.Ids.ToArray())).Distinct().Count());
        EngineStatistics statistics = engine.GetStatistics();
        Assert.Equal((164, 120, 24), (statistics.PromptTokens, statistics.CachedPromptTokens, statistics.AnswerTokens));

        // The last token of a prompt never comes from the cache, because its logits are needed.
        ChoiceResult again = (await engine.Submit(new() { PromptIds = prompt.AsMemory(0, 40), MaxTokens = 1 }).CompletionAsync())[0];
        Assert.Equal(36, again.CachedPromptTokens);
        ChoiceResult salted = (await engine.Submit(new() { PromptIds = prompt, MaxTokens = 1, CacheSalt = "mine" }).CompletionAsync())[0];
        Assert.Equal(0, salted.CachedPromptTokens);
    }

    [Fact]
    public async Task An_asynchronous_step_continues_on_the_engines_thread()
    {
        List<string?> threads = [];
        await using var executor = new TinyModelExecutor(Limits)
        {
            BeforeStep = async _ =>
            {
                lock (threads)
                {
                    threads.Add(Thread.CurrentThread.Name);
                }

                await Task.Delay(1).ConfigureAwait(false);
            },
        };
        await using var engine = InferenceEngine.Start(executor);
        GenerationRequest request = new() { PromptIds = new[] { 4, 4 }, MaxTokens = 12, Sampling = SamplingParams.Greedy };
        ChoiceResult answer = (await engine.Submit(request).CompletionAsync())[0];
        Assert.Equal(ReferenceDecoder.Run(request, 0, 0, 12, 48, []).Ids, answer.Ids.ToArray());
        Assert.Equal(12, threads.Count);
        Assert.All(threads, name => Assert.Equal("hunyuan-engine", name));
    }

    [Fact]
    public async Task Timings_follow_the_time_provider()
    {
        var time = new FakeTimeProvider();
        await using var executor = new TinyModelExecutor(Limits)
        {
            BeforeStep = _ =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return ValueTask.CompletedTask;
            },
        };
        await using var engine = InferenceEngine.Start(executor, new EngineOptions { Scheduler = new() { MaxSequences = 1, PrefillChunk = 5 } }, time: time);
        ChoiceResult answer = (await engine.Submit(new() { PromptIds = new int[12], MaxTokens = 4 }).CompletionAsync())[0];
        Assert.Equal(new RequestTimings(TimeSpan.Zero, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(6)), answer.Timings);
    }

    [Fact]
    public async Task Idle_prefixes_are_freed_while_the_engine_runs_and_while_it_idles()
    {
        var time = new FakeTimeProvider();
        SchedulerOptions options = new() { PrefixIdleTime = TimeSpan.FromMinutes(5) };
        await using var executor = new TinyModelExecutor(Limits);
        await using var engine = InferenceEngine.Start(executor, new EngineOptions { Scheduler = options }, time: time);
        GenerationRequest old = new() { PromptIds = new int[41], MaxTokens = 1 };
        GenerationRequest other = new() { PromptIds = Enumerable.Range(0, 13).ToArray(), MaxTokens = 1 };
        await engine.Submit(old).CompletionAsync();
        time.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(40, (await engine.Submit(old).CompletionAsync())[0].CachedPromptTokens);
        time.Advance(TimeSpan.FromMinutes(4));
        await engine.Submit(other).CompletionAsync();
        Assert.Equal((13, 47), (engine.GetStatistics().KvCached, engine.GetStatistics().KvFree));
        time.Advance(TimeSpan.FromMinutes(1));
        await engine.Submit(other with { CacheSalt = "x" }).CompletionAsync();
        Assert.Equal(6, engine.GetStatistics().KvCached);

        time.Advance(TimeSpan.FromMinutes(5));
        Assert.True(SpinWait.SpinUntil(() => engine.GetStatistics() is { KvCached: 0, KvFree: 60 }, TimeSpan.FromMinutes(5)));
        Assert.Equal(0, (await engine.Submit(old).CompletionAsync())[0].CachedPromptTokens);
        Assert.Equal(0, engine.GetStatistics().Evictions);
    }

    internal static async Task<EngineStatistics> WhenIdle(InferenceEngine engine)
    {
        await engine.DrainAsync();
        return engine.GetStatistics();
    }
}
