using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Train.Data;
using HunyuanOrleans.Train.Optimization;
using HunyuanOrleans.Train.Parameters;
using Xunit;
using Xunit.Abstractions;

namespace HunyuanOrleans.Train.Tests;

/// <summary>Adapters are trained over the weights that the engine computes with, in every form that it serves.</summary>
public sealed class QuantizedBaseTests(ITestOutputHelper output)
{
    // That of the forward pass over weights that are not quantised.
    private const double Tolerance = 2e-4;

    // Where a different order of sums moves an input over the border between two codes, logits of a model differ by more. It happens in few models.
    private const double MostDivergence = 2e-3;

    /// <summary>Formats with the mean divergence that rounding to bfloat16 at other places may cause, from the tests of quantised models.</summary>
    public static TheoryData<QuantFormat, double> Formats => new()
    {
        { QuantFormat.Int8, 0.04 },
        { QuantFormat.Int8All, 0.04 },
        { QuantFormat.Int4, 0.4 },
        { QuantFormat.Int4All, 0.6 },
        { QuantFormat.Fp8, 0.15 },
    };

    public static TheoryData<string> Forms => [.. QuantizedBase.StoredForms];

    public static TheoryData<string> FormsWithValues => [.. QuantizedBase.StoredForms.Where(QuantizedBase.HasValues)];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Logits_equal_the_engines(QuantFormat format, double roundingDivergence)
    {
        List<double> largest = [];
        foreach (string name in GoldenCase.Names)
        {
            GoldenCase golden = GoldenCase.Load(name);
            int[] ids = golden.PromptOfLength(33).Ids;
            (double difference, double divergence) = Compare(golden.ModelFolder, ComputeMode.F32, format, ids);
            Assert.InRange(divergence, 0, MostDivergence);
            largest.Add(difference);
            if (!GoldenCase.HyV3.Contains(name))
            {
                Assert.InRange(Compare(golden.ModelFolder, ComputeMode.Bf16, format, ids).Divergence, 0, roundingDivergence);
            }
        }

        largest.Sort();
        output.WriteLine($"largest differences of logits: {string.Join(", ", largest.Select(static value => $"{value:0.0e0}"))}");
        Assert.InRange(largest[largest.Count * 2 / 3], 0, Tolerance);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Logits_over_a_stored_form_equal_the_engines(string form)
    {
        List<double> largest = [];
        foreach (string name in (string[])["tiny-dense", "tiny-cla", "tiny-noqknorm"])
        {
            if (form.StartsWith("gguf", StringComparison.Ordinal) && name != "tiny-dense")
            {
                continue;
            }

            GoldenCase golden = GoldenCase.Load(name);
            (TempFolder folder, TempFolder? values) = QuantizedBase.Write(form, golden.ModelFolder);
            using (folder)
            using (values)
            {
                (double difference, double divergence) = Compare(QuantizedBase.ModelPath(folder), ComputeMode.F32, null, golden.PromptOfLength(33).Ids);
                Assert.InRange(divergence, 0, MostDivergence);
                largest.Add(difference);
            }
        }

        output.WriteLine($"largest differences of logits: {string.Join(", ", largest.Select(static value => $"{value:0.0e0}"))}");
    }

    [Theory]
    [InlineData(QuantFormat.Int8)]
    [InlineData(QuantFormat.Int8All)]
    [InlineData(QuantFormat.Int4)]
    [InlineData(QuantFormat.Int4All)]
    [InlineData(QuantFormat.Fp8)]
    public void Gradients_predict_changes_of_the_loss(QuantFormat format)
    {
        // Rounded inputs make the loss a staircase, so its slope shows over many stairs only.
        const double Change = 0.3, MedianTolerance = 0.03, Most = 0.25;
        using TrainingFixture training = Open(TestPaths.Model("tiny-dense"), ComputeMode.F32, format);
        MicroBatch batch = Batch();
        training.Transformer.LossAndGradients(batch, 1, dropoutKey: 0);
        List<double> ratios = [];
        foreach (Parameter parameter in training.Model.Parameters.Where(static p => FiniteDifferenceTests.Norm(p) > 1e-3))
        {
            double norm = FiniteDifferenceTests.Norm(parameter), step = Change / norm / 2;
            double up = FiniteDifferenceTests.Loss(training, batch, parameter, step / norm);
            double down = FiniteDifferenceTests.Loss(training, batch, parameter, -2 * step / norm);
            FiniteDifferenceTests.Loss(training, batch, parameter, step / norm);
            ratios.Add((up - down) / (2 * step) / norm);
        }

        ratios.Sort();
        output.WriteLine($"{ratios.Count} slopes / norms: {ratios[0]:0.000} to {ratios[^1]:0.000}, median {ratios[ratios.Count / 2]:0.000}");
        Assert.True(ratios.Count >= 20, $"Only {ratios.Count} tensors have gradients.");
        Assert.InRange(ratios[0], 1 - Most, 1 + Most);
        Assert.InRange(ratios[^1], 1 - Most, 1 + Most);
        Assert.InRange(ratios[ratios.Count / 2], 1 - MedianTolerance, 1 + MedianTolerance);
    }

    [Theory]
    [MemberData(nameof(FormsWithValues))]
    public void Gradients_are_near_those_of_the_values(string form)
    {
        // The forward pass rounds inputs to 8 bits, that of the values does not.
        const double MostDistance = 0.15;
        (TempFolder folder, TempFolder? values) = QuantizedBase.Write(form, TestPaths.Model("tiny-dense"));
        using (folder)
        using (values)
        {
            using TrainingFixture quantised = Open(folder.Root, ComputeMode.F32, null), plain = Open(values!.Root, ComputeMode.F32, null);
            MicroBatch batch = Batch();
            quantised.Transformer.LossAndGradients(batch, 1, dropoutKey: 0);
            plain.Transformer.LossAndGradients(batch, 1, dropoutKey: 0);
            int compared = 0;
            double most = 0;
            foreach ((Parameter wanted, Parameter actual) in plain.Model.Parameters.Zip(quantised.Model.Parameters))
            {
                if (FiniteDifferenceTests.Norm(wanted) <= 1e-6)
                {
                    continue;
                }

                double distance = Distance(wanted, actual) / FiniteDifferenceTests.Norm(wanted);
                Assert.True(distance <= MostDistance, $"{wanted.Name}: the gradients differ by {distance} of their norm.");
                most = Math.Max(most, distance);
                compared++;
            }

            output.WriteLine($"{compared} gradients differ by at most {most:0.000} of their norms");
            Assert.True(compared >= 20, $"Only {compared} tensors have gradients.");
        }
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        List<float[]> gradients = [];
        foreach (int threads in (int[])[1, 3])
        {
            using TrainingFixture training = Open(TestPaths.Model("tiny-top8-nocla"), ComputeMode.Bf16, QuantFormat.Int4, threads);
            training.Transformer.LossAndGradients(Batch(), 1, dropoutKey: 0);
            gradients.Add([.. training.Model.Parameters.SelectMany(static p =>
                Enumerable.Range(0, p.Gradient.Rows).SelectMany(row => p.Gradient.Row(row).ToArray()))]);
        }

        Assert.Contains(gradients[0], static value => value != 0);
        Assert.Equal(gradients[0], gradients[1]);
    }

    [Fact]
    public void Quantised_weights_are_kept_once()
    {
        string model = TestPaths.Model("tiny-dense");
        using TrainingFixture plain = Open(model, ComputeMode.Bf16, null), quantised = Open(model, ComputeMode.Bf16, QuantFormat.Int4All);
        Assert.InRange(quantised.Model.WeightBytes, 1, plain.Model.WeightBytes / 3);
    }

    private static MicroBatch Batch()
    {
        GoldenCase golden = GoldenCase.Load("tiny-dense");
        return new MicroBatch([ForwardTests.Example(golden.PromptOfLength(33).Ids), ForwardTests.Example(golden.PromptOfLength(7).Ids)]);
    }

    private static double Distance(Parameter wanted, Parameter actual)
    {
        double sum = 0;
        for (int row = 0; row < wanted.Gradient.Rows; row++)
        {
            ReadOnlySpan<float> a = wanted.Gradient.Row(row), b = actual.Gradient.Row(row);
            for (int i = 0; i < a.Length; i++)
            {
                sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
            }
        }

        return Math.Sqrt(sum);
    }

    private static (double Difference, double Divergence) Compare(string folder, ComputeMode mode, QuantFormat? quant, int[] ids)
    {
        float[] engine = QuantizedBase.EngineLogits(folder, mode, quant, ids);
        using TrainingFixture training = Open(folder, mode, quant);
        float[] logits = training.Transformer.Logits(new MicroBatch([ForwardTests.Example(ids)]));
        double most = 0, divergence = 0;
        for (int i = 0; i < engine.Length; i++)
        {
            most = Math.Max(most, Math.Abs(engine[i] - logits[i]));
        }

        int vocabulary = engine.Length / ids.Length;
        for (int row = 0; row < ids.Length; row++)
        {
            divergence += LogitDivergence.Kl(engine.AsSpan(row * vocabulary, vocabulary), logits.AsSpan(row * vocabulary, vocabulary));
        }

        return (most, divergence / ids.Length);
    }

    private static TrainingFixture Open(string model, ComputeMode mode, QuantFormat? quant, int threads = 2) => new(
        model, null, new TrainingSelection(new LoraSettings { Rank = 4, Targets = LoraSettings.AllTargets }, AttentionOnly: false, Seed: 1), mode,
        recompute: false, new OptimizerSettings(), new LearningRateSchedule(ScheduleKind.Constant, 1e-3, 0, 0, 10), threads, quant: quant);
}
