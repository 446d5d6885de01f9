using System.Text.Json.Nodes;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Model.Tests.Checkpoints;
using HunyuanOrleans.Model.Tests.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Quantization;

/// <summary>Compares models in the published AutoFP8 layout with <see cref="ReferenceForwardPass"/>.</summary>
public sealed class AutoFp8Tests
{
    private const string Separate = "tiny-top8-nocla", Shared = "tiny-cla";

    // The same ids as in LoadedLogits.
    private const int Tokens = 24;

    [Theory]
    [InlineData(Separate)]
    [InlineData(Shared)]
    public void Logits_are_those_of_the_formula(string name)
    {
        using TempFolder folder = AutoFp8Checkpoint.Write(TestPaths.Model(name), null, IgnoredOf(name));
        float[][] expected = Plain(folder.Root);
        LoadedLogits actual = LoadedLogits.Of(folder.Root, null, ComputeMode.F32);
        LoadedLogits asked = LoadedLogits.Of(folder.Root, null, ComputeMode.F32, quant: QuantFormat.Fp8);
        Assert.Null(LoadedLogits.Difference(actual, asked));

        // Both round inputs to 8 bits. A tiny difference in a sum can round to the neighbouring value, which changes logits by some
        // thousandths.
        double own = Distance(expected, actual.Logits);
        Assert.InRange(own, 0, 0.02);

        // Wrong results are clearly distinguishable: the logits of the original, and those without input scales, are far away.
        Assert.True(Distance(expected, LoadedLogits.Of(TestPaths.Model(name), null, ComputeMode.F32).Logits) > 5 * own);
        using TempFolder dynamic = AutoFp8Checkpoint.Write(TestPaths.Model(name), Dynamic, IgnoredOf(name));
        Assert.True(Distance(expected, LoadedLogits.Of(dynamic.Root, null, ComputeMode.F32).Logits) > 5 * own);
    }

    [Fact]
    public void Inputs_of_bfloat16_follow_closely()
    {
        using TempFolder folder = AutoFp8Checkpoint.Write(TestPaths.Model(Separate));
        LoadedLogits single = LoadedLogits.Of(folder.Root, null, ComputeMode.F32);
        LoadedLogits half = LoadedLogits.Of(folder.Root, null, ComputeMode.Bf16);
        Assert.InRange(Distance(single.Logits, half.Logits), 1e-5, 0.6);
    }

    [Fact]
    public void A_packed_copy_keeps_input_scales()
    {
        using TempFolder folder = AutoFp8Checkpoint.Write(TestPaths.Model(Shared));
        using TempFolder cache = new();
        LoadedLogits first = LoadedLogits.Of(folder.Root, cache.Root);
        LoadedLogits mapped = LoadedLogits.Of(folder.Root, cache.Root);
        Assert.True(mapped.Mapped);
        Assert.Null(LoadedLogits.Difference(first, mapped));
    }

    [Fact]
    public void Scales_may_be_lists_of_one()
    {
        using TempFolder scalars = AutoFp8Checkpoint.Write(TestPaths.Model(Shared));
        using TempFolder lists = AutoFp8Checkpoint.Write(TestPaths.Model(Shared), (_, tensors) =>
            tensors.ForEachReplace(t => t.Name.EndsWith("put_scale", StringComparison.Ordinal) || t.Name.EndsWith("weight_scale", StringComparison.Ordinal), t => t with { Shape = [1] }));
        Assert.Null(LoadedLogits.Difference(LoadedLogits.Of(scalars.Root, null), LoadedLogits.Of(lists.Root, null)));
    }

    [Theory]
    [InlineData("input_scale missing", "experts.1.up_proj.input_scale", "is missing")]
    [InlineData("weight_scale missing", "experts.1.up_proj.weight_scale", "is missing")]
    [InlineData("zero", "experts.1.up_proj.input_scale", "is 0; allowed: a positive number")]
    [InlineData("nan", "experts.1.up_proj.weight_scale", "is NaN; allowed: a positive number")]
    [InlineData("two", "experts.1.up_proj.weight_scale", "[2]; allowed: F32, BF16, F16 of shape [] or [1]")]
    [InlineData("not ignored", "o_proj.weight", "BF16", "F8_E4M3", "quantization_config")]
    [InlineData("half a pair", "ignored_layers", "k_proj", "both alike")]
    [InlineData("dynamic", "input_scale", "exists, but", "activation_scheme")]
    public void Files_that_do_not_match_the_config_are_refused(string fault, params string[] parts)
    {
        using TempFolder folder = AutoFp8Checkpoint.Write(TestPaths.Model(Shared), (config, tensors) => Break(fault, config, tensors));
        ModelException error = Assert.Throws<ModelException>(() => LoadedLogits.Of(folder.Root, null));
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        if (fault != "half a pair")
        {
            Assert.Equal(error.Message, ModelInspection.Load(folder.Root).Problem);
        }
    }

    private static void Break(string fault, JsonObject config, List<TensorData> tensors)
    {
        const string Up = "model.layers.2.mlp.experts.1.up_proj.";
        JsonArray ignored = config["ignored_layers"]!.AsArray();
        switch (fault)
        {
            case "input_scale missing":
                Assert.Equal(1, tensors.RemoveAll(t => t.Name == Up + "input_scale"));
                break;
            case "weight_scale missing":
                Assert.Equal(1, tensors.RemoveAll(t => t.Name == Up + "weight_scale"));
                break;
            case "zero":
                tensors.ForEachReplace(t => t.Name == Up + "input_scale", t => AutoFp8Checkpoint.Scalar(t.Name, 0));
                break;
            case "nan":
                tensors.ForEachReplace(t => t.Name == Up + "weight_scale", t => AutoFp8Checkpoint.Scalar(t.Name, float.NaN));
                break;
            case "two":
                tensors.ForEachReplace(t => t.Name == Up + "weight_scale", t => t with { Shape = [2], Bytes = [.. t.Bytes, .. t.Bytes] });
                break;
            case "not ignored":
                tensors.ForEachReplace(
                    t => t.Name == "model.layers.0.self_attn.o_proj.weight", t => t with { Type = StoredType.BF16, Bytes = [.. t.Bytes, .. t.Bytes] });
                break;
            case "half a pair":
                ignored.Add("model.layers.0.self_attn.k_proj");
                break;
            case "dynamic":
                config["activation_scheme"] = "dynamic";
                break;
        }
    }

    // In one of the models, whole groups of matrices that are computed together stay bfloat16.
    private static string[] IgnoredOf(string name) => name == Separate
        ? [.. new[] { "q", "k", "v" }.Select(p => $"model.layers.1.self_attn.{p}_proj"), "model.layers.2.mlp.shared_mlp.down_proj"]
        : [];

    private static void Dynamic(JsonObject config, List<TensorData> tensors)
    {
        config["activation_scheme"] = "dynamic";
        tensors.RemoveAll(t => t.Name.EndsWith(".input_scale", StringComparison.Ordinal));
    }

    private static float[][] Plain(string folder)
    {
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        ModelConfig config = ModelConfig.Load(folder);
        int[] ids = [.. Enumerable.Range(0, Tokens).Select(i => ((i * 37) + 5) % config.VocabSize)];
        return new ReferenceForwardPass(new Weights(config, checkpoint)).Run(ids);
    }

    // The median over positions, because a different choice of an expert changes single positions strongly.
    private static double Distance(float[][] a, float[][] b)
    {
        double[] rows = [.. a.Zip(b, (x, y) => x.Zip(y, (p, q) => (double)Math.Abs(p - q)).Average()).Order()];
        return rows[rows.Length / 2];
    }
}
