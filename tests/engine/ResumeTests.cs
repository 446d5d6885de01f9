using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Engine.Tests;

/// <summary>An answer that is interrupted at any token and resumed equals the uninterrupted answer.</summary>
public sealed class ResumeTests
{
    private const int Eos = 9;

    private static readonly ExecutorLimits Limits = new(48, 200, 60, 4, 64, 8);

    public static TheoryData<string, GenerationRequest> Requests => new()
    {
        { "greedy", new() { PromptIds = new[] { 1, 2, 3, 4, 5 }, MaxTokens = 30, Sampling = new() { Temperature = 0, Seed = 1 } } },
        { "sampled", new() { PromptIds = new[] { 7 }, MaxTokens = 30, IgnoreEos = true, Sampling = new() { Seed = 2, TopP = 0.9f } } },
        {
            "penalties", new()
            {
                PromptIds = new[] { 7, 8, 8 }, MaxTokens = 40, IgnoreEos = true, Choices = 3,
                Sampling = new() { Seed = 3, RepetitionPenalty = 1.4f, FrequencyPenalty = 0.7f, PresencePenalty = 0.3f, Temperature = 0.5f },
            }
        },
        {
            "stop strings and log probabilities", new()
            {
                PromptIds = new[] { 30, 31 }, MaxTokens = 60, IgnoreEos = true, Choices = 4, StopStrings = ["abca", "ddd"],
                Sampling = new() { Seed = 4, LogProbabilities = 3 },
            }
        },
        {
            "end of text", new()
            {
                PromptIds = new[] { 30, 31 }, MaxTokens = 50, Choices = 4, StopIds = [11],
                Sampling = new() { Seed = 5, LogitBias = new Dictionary<int, float> { [Eos] = 2, [11] = 1 } },
            }
        },
        {
            "shortest length and restrictions", new()
            {
                PromptIds = new[] { 30, 31 }, MaxTokens = 50, MinTokens = 9, Choices = 3, StopIds = [11], StopStrings = ["ab"],
                Sampling = new()
                {
                    Seed = 7, LogitBias = new Dictionary<int, float> { [Eos] = 2, [11] = 1 }, BadWords = [[1], [2, 3], [4, 4, 4]],
                    AllowedTokens = [.. Enumerable.Range(0, 30)],
                },
            }
        },
        { "no limit", new() { PromptIds = new int[180], IgnoreEos = true, Sampling = new() { Seed = 6 } } },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task An_answer_resumed_at_any_token_equals_the_uninterrupted_one(string name, GenerationRequest request)
    {
        Assert.NotEmpty(name);
        await using var executor = new TinyModelExecutor(Limits);
        await using var engine = Engine(executor);
        ChoiceResult[] whole = await engine.Submit(request).CompletionAsync();
        Assert.True(whole.All(answer => answer.Finish is FinishReason.Stop or FinishReason.Length));
        foreach (ChoiceResult answer in whole)
        {
            for (int split = 0; split <= answer.Ids.Length; split++)
            {
                Generation resumed = engine.Submit(request with { Resume = [new(answer.Index, answer.Ids[..split])] });
                await Check(resumed.Choices[0], answer, split);
            }
        }

        Assert.Equal(0, (await EngineTests.WhenIdle(engine)).KvUsed);
    }

    [Fact]
    public async Task Several_answers_resume_together_each_from_its_own_token()
    {
        GenerationRequest request = new()
        {
            PromptIds = Enumerable.Range(0, 21).ToArray(),
            MaxTokens = 25,
            IgnoreEos = true,
            Choices = 5,
            Sampling = new() { Seed = 12, FrequencyPenalty = 1 },
        };
        await using var executor = new TinyModelExecutor(Limits);
        ChoiceResult[] whole;
        await using (var engine = Engine(executor))
        {
            whole = await engine.Submit(request).CompletionAsync();
        }

        await using var other = Engine(executor);
        (int Choice, int Split)[] parts = [(3, 25), (4, 7), (0, 0), (2, 24)];
        Generation resumed = other.Submit(request with { Resume = [.. parts.Select(part => new ResumedChoice(part.Choice, whole[part.Choice].Ids[..part.Split]))] });
        Assert.Equal(12UL, resumed.Seed);
        Assert.Equal(parts.Select(part => part.Choice), resumed.Choices.Select(choice => choice.Index));
        for (int i = 0; i < parts.Length; i++)
        {
            await Check(resumed.Choices[i], whole[parts[i].Choice], parts[i].Split);
        }

        // Only prompt tokens count as cached prompt tokens, and the ids given are not counted as generated here.
        ChoiceResult[] results = await resumed.CompletionAsync();
        Assert.Equal([0, 0, 20, 20], results.Select(result => result.CachedPromptTokens));
        EngineStatistics statistics = await EngineTests.WhenIdle(other);
        Assert.Equal((18 + 25 + 1, 4, 0), (statistics.AnswerTokens, statistics.Finished, statistics.KvUsed));
    }

    [Fact]
    public async Task Ids_after_a_stop_are_rejected_and_too_many_ids_end_the_answer()
    {
        await using var executor = new TinyModelExecutor(Limits);
        await using var engine = Engine(executor);
        GenerationRequest request = new() { PromptIds = new[] { 1 }, MaxTokens = 4, Sampling = new() { Seed = 1 } };
        RequestException error = Assert.Throws<RequestException>(() => engine.Submit(request with { Resume = [new(0, new[] { 1, Eos, 2 })] }));
        Assert.Equal("resume", error.Parameter);
        Assert.Contains("holds 3 ids for choice 0, which stops after 2", error.Message);
        ChoiceResult ended = (await engine.Submit(request with { Resume = [new(0, new[] { 1, 2, 3, 4, 5 })] }).CompletionAsync())[0];
        Assert.Equal((FinishReason.Length, 5), (ended.Finish, ended.Ids.Length));
        Assert.Equal(0, engine.GetStatistics().Steps);
    }

    [Fact]
    public async Task Prompt_and_ids_are_found_in_the_prefix_cache_together()
    {
        List<int> rows = [];
        await using var executor = new TinyModelExecutor(Limits)
        {
            BeforeStep = batch =>
            {
                rows.Add(batch.TokenCount);
                return ValueTask.CompletedTask;
            },
        };
        await using var engine = Engine(executor);
        GenerationRequest request = new() { PromptIds = new int[10], MaxTokens = 30, IgnoreEos = true, Sampling = new() { Seed = 1 } };
        ChoiceResult whole = (await engine.Submit(request).CompletionAsync())[0];
        rows.Clear();
        ChoiceResult resumed = (await engine.Submit(request with { Resume = [new(0, whole.Ids[..20])] }).CompletionAsync())[0];
        Assert.Equal(whole.Ids.ToArray(), resumed.Ids.ToArray());

        // 28 of 30 tokens are in full blocks. Then there is one row for each new token except the last.
        Assert.Equal([2, .. Enumerable.Repeat(1, 9)], rows);
        Assert.Equal(10, resumed.CachedPromptTokens);
    }

    private static async Task Check(ChoiceStream stream, ChoiceResult whole, int split)
    {
        List<int> drawn = [];
        TokenChunk last = default;
        await foreach (TokenChunk chunk in stream)
        {
            drawn.AddRange(chunk.Ids.ToArray());
            last = chunk;
        }

        ChoiceResult result = await stream.Completion;
        Assert.Equal(whole.Ids.ToArray()[split..], drawn);
        Assert.Equal(whole.Ids.ToArray(), result.Ids.ToArray());
        Assert.Equal((whole.Index, whole.Finish, whole.EndsWithStopId), (result.Index, result.Finish, result.EndsWithStopId));
        Assert.Equal((whole.Finish, whole.EndsWithStopId), (last.Finish, last.EndsWithStopId));
        SampledToken[] expected = whole.Samples.IsEmpty ? [] : whole.Samples.ToArray()[split..];
        Assert.Equal(expected.Select(sample => (sample.Id, sample.LogProbability)), result.Samples.ToArray().Select(sample => (sample.Id, sample.LogProbability)));
        Assert.Equal(expected.SelectMany(sample => sample.Top!), result.Samples.ToArray().SelectMany(sample => sample.Top!));
    }

    private static InferenceEngine Engine(TinyModelExecutor executor)
        => InferenceEngine.Start(executor, new EngineOptions { EosIds = [Eos] }, new LetterText(Limits.VocabularySize));
}
