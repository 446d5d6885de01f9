using System.Text.Json;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Train.Optimization;
using HunyuanOrleans.Train.Parameters;
using Xunit;

namespace HunyuanOrleans.Train.Tests;

/// <summary>Training in float32 gives the losses, gradients and weights of the publisher's code.</summary>
public sealed class GoldenTrainingTests
{
    // The reference differs from float64 by at most 2e-6 in losses, 7e-7 in gradients and 8e-6 in weights; a mistake moves losses by 5e-4 and more.
    private const double LossTolerance = 1e-5, NormTolerance = 1e-5, GradientTolerance = 5e-6, WeightTolerance = 2e-5;

    public static TheoryData<string, string> Runs()
    {
        TheoryData<string, string> runs = [];
        foreach (string model in (string[])["tiny-cla", "tiny-dense"])
        {
            foreach (string run in (string[])["lora_wd0.01", "lora_wd0", "lora_wd0.5", "full_wd0.01", "full_wd0", "full_wd0.5"])
            {
                runs.Add(model, run);
            }
        }

        return runs;
    }

    [SkippableTheory]
    [MemberData(nameof(Runs))]
    public void Training_follows_the_reference(string model, string run) => Check(model, run, recompute: false);

    [SkippableTheory]
    [InlineData("tiny-cla", "lora_wd0.01")]
    [InlineData("tiny-cla", "full_wd0.01")]
    [InlineData("tiny-dense", "full_wd0.01")]
    public void Training_with_recomputed_activations_follows_the_reference(string model, string run) => Check(model, run, recompute: true);

    private static void Check(string model, string run, bool recompute)
    {
        // One run is in the repository.
        bool own = File.Exists(Path.Combine(TestPaths.Data, "sft", model, run, "run.json"));
        Skip.If(!own && TestPaths.SharedGolden is null, "The training references are not beside the checkout.");
        string folder = Path.Combine(own ? TestPaths.Data : TestPaths.SharedGolden!, "sft", model);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, run, "run.json")));
        JsonElement root = json.RootElement;
        bool lora = root.GetProperty("mode").GetString() == "lora";
        using TrainingFixture training = new(
            TestPaths.Model(model),
            Path.Combine(folder, "data.jsonl"),
            new TrainingSelection(lora ? new LoraSettings { Rank = 4, Alpha = 8 } : null, AttentionOnly: false, Seed: 1),
            ComputeMode.F32,
            recompute,
            new OptimizerSettings { WeightDecay = root.GetProperty("weight_decay").GetDouble() },
            new LearningRateSchedule(ScheduleKind.CosineWithMinLr, 1e-3, 1e-4, 2, 10));
        if (lora)
        {
            Load(training, Path.Combine(folder, "lora_init", "adapter_model.safetensors"));
        }

        foreach (JsonElement expected in root.GetProperty("log").EnumerateArray())
        {
            int step = expected.GetProperty("step").GetInt32();
            string gradients = Path.Combine(folder, run, $"grads_step{step}.safetensors");
            if (File.Exists(gradients))
            {
                training.Loop.Accumulate(step, default);
                Compare(gradients, training, static parameter => parameter.Gradient, GradientTolerance);
                training.ClearGradients();
            }

            StepResult result = training.Loop.Run(step, default);
            double[] losses = [.. expected.GetProperty("losses").EnumerateArray().Select(static loss => loss.GetDouble())];
            Assert.Equal(expected.GetProperty("lr").GetDouble(), result.LearningRate, 12);
            Assert.All(losses.Zip(result.MicroLosses), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, LossTolerance));
            double norm = expected.GetProperty("grad_norm").GetDouble();
            Assert.InRange(Math.Abs(result.GradientNorm - norm) / norm, 0, NormTolerance);
            string after = Path.Combine(folder, run, $"after_step{step}.safetensors");
            if (File.Exists(after))
            {
                Compare(after, training, static parameter => parameter.Value, WeightTolerance);
            }
        }

        Compare(Path.Combine(folder, run, "final.safetensors"), training, static parameter => parameter.Value, WeightTolerance);
    }

    private static void Load(TrainingFixture training, string path)
    {
        foreach (StoredTensor tensor in StoredTensors.Read(path))
        {
            Parameter parameter = training.Model.Find(tensor.Name);
            for (int row = 0; row < parameter.Value.Rows; row++)
            {
                tensor.Values.AsSpan(row * parameter.Value.Columns, parameter.Value.Columns).CopyTo(parameter.Value.Row(row));
            }
        }
    }

    private static void Compare(string path, TrainingFixture training, Func<Parameter, Kernels.Memory.Activation> part, double tolerance)
    {
        List<StoredTensor> tensors = StoredTensors.Read(path);
        Assert.NotEmpty(tensors);
        foreach (StoredTensor tensor in tensors)
        {
            Kernels.Memory.Activation actual = part(training.Model.Find(tensor.Name));
            double largest = 0;
            for (int i = 0; i < tensor.Values.Length; i++)
            {
                largest = Math.Max(largest, Math.Abs(tensor.Values[i] - actual.Row(i / actual.Columns)[i % actual.Columns]));
            }

            Assert.True(largest <= tolerance, $"{Path.GetFileName(path)}: {tensor.Name} differs by {largest:g3}.");
        }
    }
}
