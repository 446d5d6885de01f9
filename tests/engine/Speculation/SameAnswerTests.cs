using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Speculation;

/// <summary>With real models, answers have the same tokens and the same bits of log probabilities however tokens are guessed.</summary>
public sealed class SameAnswerTests
{
    [Theory]
    [InlineData("tiny-cla", ComputeMode.Bf16, null)]
    [InlineData("tiny-cla", ComputeMode.F32, KvFormat.Int8)]
    [InlineData("tiny-cla", ComputeMode.Bf16, KvFormat.Fp8)]
    [InlineData("tiny-top8-nocla", ComputeMode.Bf16, null)]
    [InlineData("tiny-dense", ComputeMode.F32, null)]
    [InlineData("tiny-hy3", ComputeMode.Bf16, null)]
    public Task Small_models_with_any_format_of_keys_and_values(string model, ComputeMode mode, KvFormat? kv) =>
        AssertSameAsync(Path.Combine(TestPaths.Data, "models", model), mode, kv);

    [Fact]
    public Task The_demo_model() => AssertSameAsync(TestPaths.DemoModel, ComputeMode.Bf16, null);

    private static async Task AssertSameAsync(string folder, ComputeMode mode, KvFormat? kv)
    {
        // The pool is too small for all requests together, so that some are usually pre-empted and computed again.
        await using LocalExecutor executor = new(ModelRunner.Load(
            folder, new ModelOptions { Mode = mode, Kv = kv, Threads = 1, KvTokens = 192, PinThreads = false, MaxBatchTokens = 96, MaxLogitRows = 48 }));
        GenerationRequest[] requests = Requests(executor.Limits.VocabularySize);
        (string[] expected, EngineStatistics without) = await AnswersAsync(executor, requests, SpeculationOptions.Off);
        Assert.Equal(0, without.DraftedTokens);
        foreach (string setting in new[] { "1", "5", "20", "auto" })
        {
            (string[] actual, EngineStatistics statistics) = await AnswersAsync(executor, requests, SpeculationOptions.Parse(setting)!);
            Assert.Equal(expected, actual);
            Assert.True(statistics.AcceptedDraftTokens > 20, $"{setting}: {statistics.AcceptedDraftTokens} accepted");
            Assert.True(statistics.DraftedTokens > statistics.AcceptedDraftTokens);
        }
    }

    private static async Task<(string[] Answers, EngineStatistics Statistics)> AnswersAsync(
        LocalExecutor executor, GenerationRequest[] requests, SpeculationOptions speculation)
    {
        await using var engine = InferenceEngine.Start(
            executor, new EngineOptions { Scheduler = new() { MaxSequences = 12, TokenBudget = 96, PrefillChunk = 40, Speculation = speculation } });
        Generation[] running = Array.ConvertAll(requests, engine.Submit);
        ChoiceResult[][] results = await Task.WhenAll(running.Select(static generation => generation.CompletionAsync()));
        return ([.. results.SelectMany(static choices => choices).Select(Describe)], await EngineTests.WhenIdle(engine));
    }

    internal static string Describe(ChoiceResult result) => string.Join(
        ' ',
        $"{result.Finish} {result.Error}".TrimEnd(),
        string.Join(',', result.Ids.ToArray()),
        string.Join(',', result.Samples.ToArray().Select(static sample =>
            $"{BitConverter.SingleToInt32Bits(sample.LogProbability)}:{string.Join(';', (sample.Top ?? []).Select(static top => $"{top.Id}={BitConverter.SingleToInt32Bits(top.LogProbability)}"))}")));

    // Bias makes a few tokens likely, so that texts repeat by chance and guesses are right as well as wrong.
    private static GenerationRequest[] Requests(int vocabulary)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, 16).Select(i =>
        {
            int[] likely = [.. Enumerable.Range(0, 3).Select(_ => random.Next(vocabulary))];
            return new GenerationRequest
            {
                PromptIds = Enumerable.Range(0, 10 + random.Next(40)).Select(p => i % 2 == 0 ? likely[p % 3] : random.Next(vocabulary)).ToArray(),
                MaxTokens = 30 + random.Next(40),
                IgnoreEos = true,
                Choices = 1 + (i % 2),
                MinTokens = i % 4 == 1 ? 12 : 0,
                StopIds = i % 4 == 1 ? [likely[0]] : [],
                Sampling = new SamplingParams
                {
                    Temperature = i % 4 == 0 ? 0 : 0.8f,
                    TopP = i % 3 == 0 ? 0.9f : 1,
                    Seed = (ulong)i,
                    LogProbabilities = i % 2 == 0 ? 3 : null,
                    RepetitionPenalty = i % 5 == 2 ? 1.02f : 1,
                    FrequencyPenalty = i % 5 == 3 ? 0.1f : 0,
                    PresencePenalty = i % 5 == 3 ? 0.5f : 0,
                    LogitBias = likely.Distinct().ToDictionary(static id => id, static _ => 14f),
                    BadWords = i % 6 == 5 ? [new[] { likely[1], likely[2], likely[1] }] : null,
                },
            };
        })];
    }
}
