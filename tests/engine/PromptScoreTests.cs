using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Engine.Tests.Support;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Engine.Tests;

/// <summary>Log probabilities of prompts are those of the model's logits, however the prompt is divided into steps.</summary>
public sealed class PromptScoreTests
{
    private const int Vocabulary = 48;
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 41).Select(static i => i * 7 % Vocabulary)];

    [Theory]
    [InlineData(64, 64, 60)]
    [InlineData(8, 3, 60)]
    [InlineData(8, 8, 14)]
    public async Task Every_prompt_token_has_its_log_probability(int budget, int chunk, int blocks)
    {
        ExecutorLimits limits = new(Vocabulary, 200, blocks, 4, 64, 8);
        await using var executor = new TinyModelExecutor(limits);
        await using var engine = InferenceEngine.Start(
            executor, new EngineOptions { Scheduler = new SchedulerOptions { TokenBudget = budget, PrefillChunk = chunk, MaxSequences = 4 } });
        GenerationRequest request = Request(3);

        // The second and third request find the prompt in the prefix cache, and must not take it from there. With few blocks they are pre-empted.
        Generation[] generations = [engine.Submit(request), engine.Submit(request), engine.Submit(request with { Choices = 2 })];
        foreach (Generation generation in generations)
        {
            foreach (ChoiceStream choice in generation.Choices)
            {
                List<SampledToken> streamed = [];
                await foreach (TokenChunk part in choice)
                {
                    Assert.True(part.Prompt.IsEmpty || streamed.Count == 0);
                    streamed.AddRange(part.Prompt.Span);
                }

                Check(streamed, 3);
                Check((await choice.Completion).Prompt.ToArray(), 3);
            }
        }

        Assert.Equal(0, (await EngineTests.WhenIdle(engine)).KvUsed);
    }

    [Fact]
    public async Task Lost_keys_and_values_change_nothing()
    {
        ExecutorLimits limits = new(Vocabulary, 200, 60, 4, 64, 8);
        int slices = 0;
        await using var executor = new TinyModelExecutor(limits) { ShouldLoseKv = () => ++slices is 5 or 9 };
        await using var engine = InferenceEngine.Start(executor, new EngineOptions { Scheduler = new SchedulerOptions { PrefillChunk = 6 } });
        ChoiceResult answer = (await engine.Submit(Request(1)).CompletionAsync())[0];
        Check(answer.Prompt.ToArray(), 1);
        Assert.Equal(5, answer.Ids.Length);
    }

    [Fact]
    public async Task No_token_is_drawn_for_a_length_of_zero()
    {
        ExecutorLimits limits = new(Vocabulary, 200, 60, 4, 64, 8);
        await using var executor = new TinyModelExecutor(limits);
        await using var engine = InferenceEngine.Start(executor, new EngineOptions { Scheduler = new SchedulerOptions { PrefillChunk = 6 } });
        foreach (int length in new[] { 1, 2, 41 })
        {
            ChoiceResult answer = (await engine.Submit(Request(0) with { PromptIds = Prompt[..length], MaxTokens = 0 }).CompletionAsync())[0];
            Assert.Equal((0, FinishReason.Length, length - 1), (answer.Ids.Length, answer.Finish, answer.Prompt.Length));
        }

        Assert.Equal(0, (await EngineTests.WhenIdle(engine)).AnswerTokens);
    }

    [Fact]
    public async Task A_resumed_answer_repeats_no_prompt()
    {
        ExecutorLimits limits = new(Vocabulary, 200, 60, 4, 64, 8);
        await using var executor = new TinyModelExecutor(limits);
        await using var engine = InferenceEngine.Start(executor);
        ChoiceResult whole = (await engine.Submit(Request(1)).CompletionAsync())[0];
        ChoiceResult begun = (await engine.Submit(Request(1) with { Resume = [new(0, default)] }).CompletionAsync())[0];
        ChoiceResult resumed = (await engine.Submit(Request(1) with { Resume = [new(0, whole.Ids[..2])] }).CompletionAsync())[0];
        Assert.Equal((40, 0), (begun.Prompt.Length, resumed.Prompt.Length));
        Assert.Equal(whole.Ids.ToArray(), resumed.Ids.ToArray());
    }

    [Theory]
    [InlineData(21)]
    [InlineData(-1)]
    public async Task Wrong_numbers_are_refused(int alternatives)
    {
        await using var executor = new TinyModelExecutor(new ExecutorLimits(Vocabulary, 200, 60, 4, 64, 8));
        await using var engine = InferenceEngine.Start(executor);
        Assert.Equal("prompt_logprobs", Assert.Throws<RequestException>(() => engine.Submit(Request(alternatives))).Parameter);
        Assert.Equal("max_tokens", Assert.Throws<RequestException>(() => engine.Submit(Request(1) with { PromptLogProbabilities = null, MaxTokens = 0 })).Parameter);
    }

    [Fact]
    public async Task The_demo_model_scores_more_rows_than_its_head_computes_at_once()
    {
        ModelOptions options = new() { Threads = 1, PinThreads = false, MaxBatchTokens = 32, MaxLogitRows = 3, KvTokens = 256 };
        int[] prompt = [.. Enumerable.Range(0, 50).Select(static i => 100 + (i * 37 % 4000))];
        using ModelRunner model = ModelRunner.Load(TestPaths.DemoModel, options);
        float[][] logits = Logits(model, prompt);
        await using var executor = new LocalExecutor(model, ownsModel: false);
        await using var engine = InferenceEngine.Start(executor, new EngineOptions { Scheduler = new SchedulerOptions { MaxSequences = 3, TokenBudget = 32 } });
        ChoiceResult answer = (await engine.Submit(new() { PromptIds = prompt, MaxTokens = 1, PromptLogProbabilities = 2 }).CompletionAsync())[0];
        Assert.Equal(49, answer.Prompt.Length);
        var sampler = new Sampler(model.Config.VocabSize);
        for (int i = 0; i < answer.Prompt.Length; i++)
        {
            SampledToken expected = sampler.Score(logits[i], prompt[i + 1], 2);
            Assert.Equal((expected.Id, expected.LogProbability), (answer.Prompt.Span[i].Id, answer.Prompt.Span[i].LogProbability));
            Assert.Equal(expected.Top, answer.Prompt.Span[i].Top);
        }
    }

    private static GenerationRequest Request(int alternatives) => new()
    {
        PromptIds = Prompt, MaxTokens = 5, PromptLogProbabilities = alternatives, Sampling = new() { Seed = 4 },
    };

    private static void Check(IReadOnlyList<SampledToken> scores, int alternatives)
    {
        Assert.Equal(Prompt.Length - 1, scores.Count);
        float[] logits = new float[Vocabulary];
        for (int i = 0; i < scores.Count; i++)
        {
            TinyModel.LogitsAfter(Prompt.AsSpan(0, i + 1), logits);
            double sum = logits.Sum(static logit => Math.Exp(logit));
            Assert.Equal(Prompt[i + 1], scores[i].Id);
            Assert.Equal(logits[Prompt[i + 1]] - Math.Log(sum), scores[i].LogProbability, 1e-4);
            Assert.Equal(logits.OrderDescending().Take(alternatives).Select(logit => (float)(logit - Math.Log(sum))), scores[i].Top!.Select(static top => top.LogProbability), (a, b) => Math.Abs(a - b) < 1e-4);
        }
    }

    // One row at a time, so that this is not the way that is tested.
    private static float[][] Logits(ModelRunner model, int[] prompt)
    {
        AttentionBatch batch = model.CreateBatch();
        int[] blocks = [.. Enumerable.Range(0, (prompt.Length + KvBlocks.Positions - 1) / KvBlocks.Positions)];
        float[][] rows = new float[prompt.Length][];
        for (int i = 0; i < prompt.Length; i++)
        {
            batch.Clear();
            batch.Add(new AttentionSlice(0, 1, i, blocks));
            StepLogits logits = model.Forward(prompt.AsSpan(i, 1), batch, [0], 1);
            rows[i] = logits.Row(0).ToArray();
        }

        return rows;
    }
}
