using HunyuanOrleans.Kernels;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Train.Data;
using HunyuanOrleans.Train.Optimization;
using HunyuanOrleans.Train.Parameters;
using Xunit;

namespace HunyuanOrleans.Train.Tests;

/// <summary>The forward pass of training gives the published code's logits on every golden model, for sequences alone and packed together.</summary>
public sealed class ForwardTests
{
    // The suggestion of the references for float32.
    private const float Tolerance = 2e-4f;

    public static TheoryData<string> Models => [.. GoldenCase.Names];

    [Theory]
    [MemberData(nameof(Models))]
    public void Logits_equal_the_references(string model)
    {
        GoldenCase golden = GoldenCase.Load(model);
        using TrainingFixture training = Open(golden.ModelFolder);
        foreach (GoldenPrompt prompt in golden.Prompts)
        {
            float[] logits = training.Transformer.Logits(new MicroBatch([Example(prompt.Ids)]));
            for (int i = 0; i < prompt.LogitPositions.Length; i++)
            {
                AssertClose(prompt.Logits.AsSpan(i * prompt.Vocabulary, prompt.Vocabulary), logits.AsSpan(prompt.LogitPositions[i] * prompt.Vocabulary, prompt.Vocabulary));
            }
        }
    }

    [Fact]
    public void Packed_sequences_do_not_see_each_other()
    {
        GoldenCase golden = GoldenCase.Load("tiny-share4");
        using TrainingFixture training = Open(golden.ModelFolder);
        int[][] prompts = [golden.PromptOfLength(33).Ids, golden.PromptOfLength(7).Ids, golden.PromptOfLength(33).Ids[5..20]];
        float[] packed = training.Transformer.Logits(new MicroBatch([.. prompts.Select(Example)]));
        float[] alone = [.. prompts.SelectMany(ids => training.Transformer.Logits(new MicroBatch([Example(ids)])))];
        Assert.Equal(alone, packed);
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        string model = TestPaths.Model("tiny-top8-nocla");
        int[] ids = GoldenCase.Load("tiny-top8-nocla").PromptOfLength(120).Ids;
        List<float[]> gradients = [];
        foreach (int threads in (int[])[1, 2, 3])
        {
            using TrainingFixture training = Open(model, threads);
            training.Transformer.LossAndGradients(new MicroBatch([Example(ids), Example(ids[..40])]), 1, dropoutKey: 0);
            gradients.Add([.. training.Model.Parameters.SelectMany(static p => Enumerable.Range(0, p.Gradient.Rows).SelectMany(row => p.Gradient.Row(row).ToArray()))]);
        }

        Assert.Contains(gradients[0], static value => value != 0);
        Assert.Equal(gradients[0], gradients[1]);
        Assert.Equal(gradients[0], gradients[2]);
    }

    internal static TrainingExample Example(int[] ids) => new(ids, ids, 1, 0);

    internal static TrainingFixture Open(string model, int threads = 2, bool recompute = false) => new(
        model, null, new TrainingSelection(null, AttentionOnly: false, Seed: 1), ComputeMode.F32, recompute, new OptimizerSettings(),
        new LearningRateSchedule(ScheduleKind.Constant, 1e-3, 0, 0, 10), threads);

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        float largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(expected[i] - actual[i]));
        }

        Assert.True(largest <= Tolerance, $"The logits differ by {largest}.");
    }
}
