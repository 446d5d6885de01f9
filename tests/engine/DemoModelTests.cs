using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Engine.Tests;

/// <summary>The engine with the bundled model: forty concurrent prompts in a pool that is too small for them.</summary>
public sealed class DemoModelTests
{
    private static readonly EngineOptions Options = new()
    {
        EosIds = [4340, 4347],
        Scheduler = new() { MaxSequences = 16, TokenBudget = 96, PrefillChunk = 50 },
    };

    [Fact]
    public async Task All_prompts_at_once_give_the_published_answers()
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestPaths.DemoModel, "expected.json")));
        JsonElement[] items = [.. expected.RootElement.GetProperty("items").EnumerateArray()];
        var text = new TokenizerText(Tokenizer.Load(TestPaths.DemoModel));
        await using LocalExecutor executor = Load(ComputeMode.F32);
        await using var engine = InferenceEngine.Start(executor, Options, text);
        GenerationRequest[] requests = [.. items.Select(item => Greedy(Ids(item, "prompt_ids")))];
        Generation[] generations = [.. requests.Select(engine.Submit)];
        for (int i = 0; i < items.Length; i++)
        {
            TextStream stream = requests[i].CreateTextStream(text);
            string shown = "";
            await foreach (TokenChunk chunk in generations[i].Choices[0])
            {
                shown += stream.Append(chunk);
            }

            ChoiceResult result = await generations[i].Choices[0].Completion;
            Assert.Equal(Ids(items[i], "output_ids"), result.Ids.ToArray());
            Assert.Equal(items[i].GetProperty("output_text").GetString(), shown);
        }

        EngineStatistics statistics = await EngineTests.WhenIdle(engine);
        Assert.True(statistics.CachedPromptTokens > 0 && statistics.KvUsed == 0);
    }

    [Theory]
    [InlineData(KvFormat.Int8)]
    [InlineData(KvFormat.Fp8)]
    public async Task Nearly_all_answers_stay_as_published_with_keys_and_values_in_8_bits(KvFormat kv)
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestPaths.DemoModel, "expected.json")));
        JsonElement[] items = [.. expected.RootElement.GetProperty("items").EnumerateArray()];
        await using LocalExecutor executor = Load(ComputeMode.F32, kv);
        await using var engine = InferenceEngine.Start(executor, Options);
        Generation[] generations = [.. items.Select(item => engine.Submit(Greedy(Ids(item, "prompt_ids"))))];
        int same = 0;
        for (int i = 0; i < items.Length; i++)
        {
            ChoiceResult result = await generations[i].Choices[0].Completion;
            same += result.Ids.Span.SequenceEqual(Ids(items[i], "output_ids")) ? 1 : 0;
        }

        Assert.InRange(same, items.Length * 9 / 10, items.Length);
    }

    [Theory]
    [InlineData(KvFormat.Bf16)]
    [InlineData(KvFormat.Int8)]
    [InlineData(KvFormat.Fp8)]
    public async Task Sampled_answers_are_the_same_alone_and_in_a_batch(KvFormat kv)
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestPaths.DemoModel, "expected.json")));
        GenerationRequest[] requests =
        [
            .. expected.RootElement.GetProperty("items").EnumerateArray().Take(12).Select((item, i) => Greedy(Ids(item, "prompt_ids")) with
            {
                IgnoreEos = true,
                MaxTokens = 100,
                Choices = 1 + (i % 2),
                Sampling = new() { Temperature = 1.2f, TopP = 0.95f, RepetitionPenalty = 1.05f, Seed = (ulong)i },
            }),
        ];
        await using LocalExecutor executor = Load(ComputeMode.Bf16, kv);
        List<string> alone = [];
        foreach (GenerationRequest request in requests)
        {
            await using var single = InferenceEngine.Start(executor, Options);
            alone.AddRange((await single.Submit(request).CompletionAsync()).Select(Joined));
        }

        await using var engine = InferenceEngine.Start(executor, Options);
        ChoiceResult[][] crowd = await Task.WhenAll(requests.Select(request => engine.Submit(request).CompletionAsync()));
        Assert.Equal(alone, crowd.SelectMany(results => results).Select(Joined));
        Assert.True(engine.GetStatistics().Preemptions > 0, "The pool is large enough for all: nothing was replayed.");
    }

    private static LocalExecutor Load(ComputeMode mode, KvFormat? kv = null) => new(ModelRunner.Load(
        TestPaths.DemoModel,
        new ModelOptions { Mode = mode, Kv = kv, Threads = 1, KvTokens = 512, PinThreads = false, MaxBatchTokens = 96, MaxLogitRows = 16 }));

    private static GenerationRequest Greedy(int[] prompt) => new() { PromptIds = prompt, MaxTokens = 64, Sampling = SamplingParams.Greedy };

    private static string Joined(ChoiceResult result) => string.Join(',', result.Ids.ToArray());

    private static int[] Ids(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}
