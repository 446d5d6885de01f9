using System.Text.Json;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Templates;
using HunyuanOrleans.Text.Tokenization;
using HunyuanOrleans.Train.Data;
using HunyuanOrleans.Train.Optimization;
using HunyuanOrleans.Train.Parameters;
using Xunit;
using Xunit.Abstractions;

namespace HunyuanOrleans.Train.Tests;

/// <summary>Adapters teach the demo model an instruction that it does not know, with the settings of docs/training.md.</summary>
public sealed class DemoTrainingTests(ITestOutputHelper output)
{
    private const int End = 4340, MaxAnswer = 40;

    [SkippableTheory]
    [InlineData(null)]
    [InlineData(QuantFormat.Int8)]
    [InlineData(QuantFormat.Int4)]
    public void The_demo_model_learns_a_new_instruction(QuantFormat? quant)
    {
        string folder = Path.Combine(TestPaths.Root, "..", "shared", "demo-sft");
        Skip.IfNot(Directory.Exists(folder), "The fine-tuning data are not beside the checkout.");
        LoraSettings lora = new() { Rank = 16, Alpha = 32, Targets = LoraSettings.AllTargets };
        using TrainingFixture training = new(
            TestPaths.DemoModel, Path.Combine(folder, "train.jsonl"), new TrainingSelection(lora, AttentionOnly: false, Seed: 42), ComputeMode.Bf16,
            recompute: false, new OptimizerSettings(), new LearningRateSchedule(ScheduleKind.CosineWithMinLr, 2e-3, 0, 10, 200), batchSize: 8, accumulation: 1,
            minTokens: 14_000, quant: quant);
        (string Input, string Label)[] questions = [.. File.ReadLines(Path.Combine(folder, "test.jsonl")).Select(static line =>
        {
            using JsonDocument json = JsonDocument.Parse(line);
            return (json.RootElement.GetProperty("input").GetString()!, json.RootElement.GetProperty("label").GetString()!);
        })];
        Assert.Equal(0, Right(training, questions));
        for (int step = 1; step <= 200; step++)
        {
            training.Loop.Run(step, default);
        }

        int right = Right(training, questions);
        output.WriteLine($"{right} of {questions.Length} answers are exactly right");
        Assert.InRange(right, 40, questions.Length);
    }

    // Answers all questions greedily, each step for all of them at once.
    private static int Right(TrainingFixture training, (string Input, string Label)[] questions)
    {
        Tokenizer tokenizer = Tokenizer.Load(TestPaths.DemoModel);
        ChatEncoder encoder = ChatEncoder.Load(TestPaths.DemoModel);
        List<int>[] sequences = [.. questions.Select(q => encoder.Encode([ChatMessage.System(ChatTemplate.DefaultSystemPrompt), ChatMessage.User(q.Input)]).ToList())];
        int[] prompts = [.. sequences.Select(static s => s.Count)];
        bool[] ended = new bool[questions.Length];
        for (int i = 0; i < MaxAnswer && !ended.All(static e => e); i++)
        {
            int[] open = [.. Enumerable.Range(0, questions.Length).Where(q => !ended[q])];
            MicroBatch batch = new([.. open.Select(q => ForwardTests.Example([.. sequences[q]]))]);
            int[] next = training.Transformer.Best([.. batch.Sequences.Select(static s => s.Start + s.Length - 1)], batch);
            for (int at = 0; at < open.Length; at++)
            {
                ended[open[at]] = next[at] == End;
                if (next[at] != End)
                {
                    sequences[open[at]].Add(next[at]);
                }
            }
        }

        return Enumerable.Range(0, questions.Length).Count(q => ended[q] && tokenizer.Decode([.. sequences[q][prompts[q]..]]) == questions[q].Label);
    }
}
