using System.Text.Json;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Model.Adapters.Merging;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Adapters;

/// <summary>Merged models have the weights and the logits of the published code.</summary>
public sealed class AdapterMergerTests
{
    public static TheoryData<string> Names => [.. GoldenAdapter.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Merged_weights_and_logits_are_those_of_the_published_code(string name)
    {
        GoldenAdapter golden = GoldenAdapter.Load(name);
        using TempFolder temp = new();
        AdapterMerger.Merge(golden.ModelFolder, golden.Folder, temp.File("out"), StoredType.F32, maxShardBytes: 200_000);
        using (Checkpoint merged = Checkpoint.Open(temp.File("out")))
        {
            int compared = 0;
            foreach (JsonProperty expected in golden.Json.GetProperty("merged_weights").EnumerateObject())
            {
                Assert.True(merged.TryGet(expected.Name, out TensorView tensor) || merged.TryGet(expected.Name + ".weight", out tensor), expected.Name);
                float[] values = new float[tensor.ElementCount];
                Conversion.ToSingles(tensor.Slice(0, (int)tensor.ByteLength), ElementType.F32, values);
                Assert.Equal(expected.Value.GetProperty("sum").GetDouble(), values.Sum(static value => (double)value), 1e-3);
                Assert.Equal(expected.Value.GetProperty("l2").GetDouble(), Math.Sqrt(values.Sum(static value => (double)value * value)), 1e-4);
                compared++;
            }

            Assert.True(compared > 0);
        }

        using ModelRunner model = ModelRunner.Load(temp.File("out"), new ModelOptions { Mode = ComputeMode.F32, Threads = 1, PinThreads = false, KvTokens = 256, MaxLogitRows = 64 });
        GoldenPrompt prompt = golden.Prompts.Single(static prompt => prompt.HasArray("logits_merged"));
        List<float> logits = [];
        PromptLogits.Run(model, prompt.Ids, 64, all: true, static _ => { }, row => logits.AddRange(row), CancellationToken.None);
        Assert.InRange(prompt.Array("logits_merged").Values.Zip(logits, static (a, b) => MathF.Abs(a - b)).Max(), 0, 2e-4f);
    }

    [Fact]
    public void Without_a_type_tensors_keep_theirs_and_other_files_are_copied()
    {
        GoldenAdapter golden = GoldenAdapter.Load("tiny-dense-qkvo");
        using TempFolder temp = new();
        AdapterMerger.Merge(golden.ModelFolder, golden.Folder, temp.File("out"));
        using Checkpoint before = Checkpoint.Open(golden.ModelFolder), after = Checkpoint.Open(temp.File("out"));
        Assert.Equal(File.ReadAllText(Path.Combine(golden.ModelFolder, "config.json")), File.ReadAllText(Path.Combine(temp.File("out"), "config.json")));
        int changed = 0;
        foreach (TensorView tensor in before.Tensors)
        {
            Assert.True(after.TryGet(tensor.Name, out TensorView merged));
            Assert.Equal((tensor.StoredType, tensor.ShapeText), (merged.StoredType, merged.ShapeText));
            changed += tensor.Slice(0, (int)tensor.ByteLength).SequenceEqual(merged.Slice(0, (int)merged.ByteLength)) ? 0 : 1;
        }

        Assert.Equal(12, changed);
    }

    [Fact]
    public void Models_that_cannot_be_merged_leave_nothing_behind()
    {
        GoldenAdapter golden = GoldenAdapter.Load("tiny-dense-qkvo");
        using TempFolder temp = new();
        Assert.Throws<ModelException>(() => AdapterMerger.Merge(TestPaths.Model("tiny-cla"), golden.Folder, temp.File("out")));
        Assert.Throws<ModelException>(() => AdapterMerger.Merge(golden.ModelFolder, temp.File("none"), temp.File("out")));
        string gguf = temp.File("m.gguf");
        File.WriteAllText(gguf, "GGUF");
        Assert.Contains("hunyuan convert", Assert.Throws<ModelException>(() => AdapterMerger.Merge(gguf, golden.Folder, temp.File("out"))).Message, StringComparison.Ordinal);
        File.Delete(gguf);
        Assert.ThrowsAny<OperationCanceledException>(() => AdapterMerger.Merge(golden.ModelFolder, golden.Folder, temp.File("out"), cancellationToken: new CancellationToken(true)));
        Assert.Empty(Directory.EnumerateFileSystemEntries(temp.Root));
    }
}
