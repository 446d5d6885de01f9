using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Engine.Tests.Support;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Grammar.Tests;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Speculation;

/// <summary>
/// Answers have the same tokens and the same bits of log probabilities with and without guesses of the model's MTP layer, alone and beside guesses from the
/// text so far.
/// </summary>
public sealed class MtpTests
{
    private static readonly string[] Settings = ["off 1", "off 2", "off 5", "off auto", "3 2", "auto 8", "auto auto"];

    [Theory]
    [InlineData(ComputeMode.F32, null, null)]
    [InlineData(ComputeMode.Bf16, null, null)]
    [InlineData(ComputeMode.Bf16, KvFormat.Int8, QuantFormat.Int4)]
    [InlineData(ComputeMode.Bf16, KvFormat.Fp8, QuantFormat.Fp8)]
    public async Task A_model_whose_layer_is_often_right(ComputeMode mode, KvFormat? kv, QuantFormat? quant)
    {
        using TempFolder folder = PredictableModel.Create();
        await AssertSameAsync(folder.File("model"), mode, kv, quant, right: 100);
    }

    [Theory]
    [InlineData("tiny-hy3")]
    [InlineData("tiny-hy3-outer")]
    public Task A_model_whose_layer_is_seldom_right(string model) => AssertSameAsync(TestPaths.Model(model), ComputeMode.F32, null, null, right: 0);

    [Fact]
    public async Task A_vocabulary_with_constraints()
    {
        TestVocabulary vocabulary = TestVocabulary.Pieces(11, "{\"name\":\"é\",\"age\":12,\"home\":null}");
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.JsonSchema(
            """{"type":"object","properties":{"name":{"type":"string","maxLength":12},"age":{"type":"integer"},"tags":{"type":"array","items":{"enum":["a","bc","é"]}}},"required":["name","age","tags"]}"""));
        using TempFolder folder = PredictableModel.Create(vocabulary.Size);
        await using LocalExecutor executor = Open(folder.File("model"), ComputeMode.F32, null, null);
        GenerationRequest[] requests = [.. Enumerable.Range(0, 12).Select(i => new GenerationRequest
        {
            PromptIds = Enumerable.Range(0, 5 + i).ToArray(),
            MaxTokens = 60,
            Constraint = constraint,
            Choices = 1 + (i % 2),
            IgnoreEos = i % 3 == 0,
            Sampling = new() { Seed = (ulong)i, Temperature = i % 2 == 0 ? 0 : 0.8f, PresencePenalty = 0.3f },
        })];
        (string[] expected, _) = await AnswersAsync(executor, requests, SpeculationOptions.Off, vocabulary);
        foreach (string setting in Settings)
        {
            (string[] actual, EngineStatistics statistics) = await AnswersAsync(executor, requests, Parse(setting), vocabulary);
            Assert.Equal(expected, actual);
            Assert.True(statistics.MtpDraftedTokens > 0, setting);
        }
    }

    [Fact]
    public async Task Prompts_that_begin_alike_share_blocks_and_only_scored_prompts_draw_nothing()
    {
        using TempFolder folder = PredictableModel.Create();
        await using LocalExecutor executor = Open(folder.File("model"), ComputeMode.F32, null, null);
        int[] common = [.. Enumerable.Range(0, 64).Select(i => (i * 7) % 250)];
        GenerationRequest[] requests = [.. Enumerable.Range(0, 10).Select(i => new GenerationRequest
        {
            PromptIds = i % 5 == 4 ? common : [.. common, i % 3, 20 + i],
            MaxTokens = i % 5 == 4 ? 0 : 40,
            PromptLogProbabilities = i % 5 == 4 ? 1 : null,
            IgnoreEos = true,
            Sampling = new() { Seed = (ulong)i, Temperature = i % 2 == 0 ? 0 : 0.8f },
        })];
        (string[] expected, EngineStatistics without) = await AnswersAsync(executor, requests, SpeculationOptions.Off);
        Assert.True(without.CachedPromptTokens > 0);
        foreach (string setting in Settings)
        {
            (string[] actual, EngineStatistics statistics) = await AnswersAsync(executor, requests, Parse(setting));
            Assert.Equal(expected, actual);
            Assert.True(statistics.MtpDraftedTokens > 0 && statistics.CachedPromptTokens > 0, setting);
            Assert.True(statistics.AcceptedMtpTokens > 0 || setting.EndsWith("auto", StringComparison.Ordinal), setting);
        }
    }

    [Fact]
    public async Task A_model_without_the_layer_guesses_nothing_with_it()
    {
        using TempFolder folder = PredictableModel.Create();
        await using LocalExecutor executor = new(ModelRunner.Load(folder.File("model"), Options(ComputeMode.F32, null, null) with { Mtp = false }));
        (_, EngineStatistics statistics) = await AnswersAsync(executor, Requests(256), Parse("off 2"));
        Assert.Equal((false, 0, 0), (executor.Limits.HasMtp, statistics.DraftedTokens, statistics.MtpDraftedTokens));
    }

    [Fact]
    public async Task Answers_with_adapters_which_do_not_adapt_the_layer()
    {
        using TempFolder folder = PredictableModel.Create();
        string model = folder.File("model");
        using ModelRunner runner = ModelRunner.Load(model, Options(ComputeMode.F32, null, null));
        await using LocalExecutor executor = new(runner, ownsModel: false);
        LoraAdapter[] adapters = [.. Enumerable.Range(0, 2).Select(i =>
        {
            string adapter = folder.File($"adapter-{i}");
            RandomAdapter.Write(adapter, ModelConfig.Load(model), 4, ["q_proj", "v_proj", "o_proj", "gate_proj", "down_proj"], i);
            return runner.LoadAdapter(adapter);
        })];
        GenerationRequest[] requests = Requests(executor.Limits.VocabularySize);
        Func<InferenceEngine, Generation[]> submit = engine => [.. requests.Select((request, i) => engine.Submit(request, i % 3 == 2 ? null : adapters[i % 3]))];
        (string[] expected, _) = await AnswersAsync(executor, submit, SpeculationOptions.Off);
        (string[] bare, _) = await AnswersAsync(executor, requests, SpeculationOptions.Off);
        Assert.NotEqual(bare, expected);
        foreach (string setting in Settings)
        {
            (string[] actual, EngineStatistics statistics) = await AnswersAsync(executor, submit, Parse(setting));
            Assert.Equal(expected, actual);
            Assert.True(statistics.MtpDraftedTokens > 0, setting);
        }

        Array.ForEach(adapters, static adapter => adapter.Dispose());
    }

    private static async Task AssertSameAsync(string folder, ComputeMode mode, KvFormat? kv, QuantFormat? quant, int right)
    {
        await using LocalExecutor executor = Open(folder, mode, kv, quant);
        GenerationRequest[] requests = Requests(executor.Limits.VocabularySize);
        (string[] expected, EngineStatistics without) = await AnswersAsync(executor, requests, SpeculationOptions.Off);
        Assert.Equal((0, 0), (without.DraftedTokens, without.MtpDraftedTokens));
        long preempted = without.Preemptions;
        foreach (string setting in Settings)
        {
            (string[] actual, EngineStatistics statistics) = await AnswersAsync(executor, requests, Parse(setting));
            Assert.Equal(expected, actual);
            // How many guesses "auto" makes depends on measured times.
            int least = setting.EndsWith("auto", StringComparison.Ordinal) ? 0 : right;
            Assert.True(statistics.AcceptedMtpTokens >= least, $"{setting}: {statistics.AcceptedMtpTokens} of {statistics.MtpDraftedTokens} accepted");
            Assert.True(statistics.MtpDraftedTokens > statistics.AcceptedMtpTokens || least < right, setting);
            Assert.True(statistics.MtpDraftedTokens > 0, setting);
            Assert.True(statistics.AcceptedMtpTokens <= statistics.AcceptedDraftTokens && statistics.MtpDraftedTokens <= statistics.DraftedTokens);
            preempted += statistics.Preemptions;
            Assert.True(!setting.StartsWith("off", StringComparison.Ordinal) || statistics.DraftedTokens == statistics.MtpDraftedTokens);
        }

        Assert.True(preempted > 0, "Nothing was pre-empted.");
    }

    private static SpeculationOptions Parse(string setting)
    {
        string[] words = setting.Split(' ');
        return SpeculationOptions.Parse(words[0])!.WithMtp(words[1])!;
    }

    // The pool is too small for all requests together, so that some are pre-empted and computed again.
    private static ModelOptions Options(ComputeMode mode, KvFormat? kv, QuantFormat? quant) => new()
    {
        Mode = mode, Kv = kv, Quant = quant, Threads = 1, KvTokens = 288, PinThreads = false, MaxBatchTokens = 96, MaxLogitRows = 48, Mtp = true,
    };

    private static LocalExecutor Open(string folder, ComputeMode mode, KvFormat? kv, QuantFormat? quant) => new(ModelRunner.Load(folder, Options(mode, kv, quant)));

    private static Task<(string[] Answers, EngineStatistics Statistics)> AnswersAsync(
        LocalExecutor executor, GenerationRequest[] requests, SpeculationOptions speculation, TestVocabulary? vocabulary = null) =>
        AnswersAsync(executor, engine => Array.ConvertAll(requests, engine.Submit), speculation, vocabulary);

    private static async Task<(string[] Answers, EngineStatistics Statistics)> AnswersAsync(
        LocalExecutor executor, Func<InferenceEngine, Generation[]> submit, SpeculationOptions speculation, TestVocabulary? vocabulary = null)
    {
        EngineOptions options = new()
        {
            EosIds = vocabulary is null ? [] : [vocabulary.End],
            Scheduler = new() { MaxSequences = 12, TokenBudget = 96, PrefillChunk = 40, Speculation = speculation },
        };
        await using var engine = InferenceEngine.Start(executor, options, vocabulary);
        Generation[] running = submit(engine);
        ChoiceResult[][] results = await Task.WhenAll(running.Select(static generation => generation.CompletionAsync()));
        return ([.. results.SelectMany(static choices => choices).Select(SameAnswerTests.Describe)], await EngineTests.WhenIdle(engine));
    }

    private static GenerationRequest[] Requests(int vocabulary)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, 16).Select(i => new GenerationRequest
        {
            PromptIds = Enumerable.Range(0, 10 + random.Next(40)).Select(_ => random.Next(vocabulary)).ToArray(),
            MaxTokens = 30 + random.Next(40),
            IgnoreEos = true,
            Choices = 1 + (i % 2),
            MinTokens = i % 4 == 1 ? 12 : 0,
            StopIds = i % 4 == 1 ? [random.Next(vocabulary), random.Next(vocabulary)] : [],
            Sampling = new SamplingParams
            {
                Temperature = i % 3 == 0 ? 0 : 0.8f,
                TopP = i % 4 == 0 ? 0.9f : 1,
                Seed = (ulong)i,
                LogProbabilities = i % 2 == 0 ? 3 : null,
                RepetitionPenalty = i % 5 == 2 ? 1.02f : 1,
                FrequencyPenalty = i % 5 == 3 ? 0.1f : 0,
                PresencePenalty = i % 5 == 3 ? 0.5f : 0,
                BadWords = i % 6 == 5 ? [[random.Next(vocabulary), random.Next(vocabulary)]] : null,
            },
        })];
    }
}
