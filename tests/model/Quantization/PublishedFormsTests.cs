using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Model.Tests.Checkpoints;
using HunyuanOrleans.Model.Tests.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Quantization;

/// <summary>
/// Integers in the published forms: every code, scale and zero point arrives at the kernels as it is stored, and forms that store the same integers give
/// the same bits.
/// </summary>
public sealed class PublishedFormsTests
{
    private const string Model = "tiny-cla";

    [Theory]
    [InlineData(4, 32, true)]
    [InlineData(4, 64, true)]
    [InlineData(4, 0, true)]
    [InlineData(4, 32, false)]
    [InlineData(4, 64, false)]
    [InlineData(4, 0, false)]
    [InlineData(8, 32, true)]
    [InlineData(8, 0, true)]
    [InlineData(8, 64, false)]
    public void Every_form_keeps_the_integers(int bits, int group, bool symmetric)
    {
        QuantizedCopy copy = QuantizedCopy.Integers(TestPaths.Model(Model), bits, group, symmetric);
        List<(string Form, TempFolder Folder)> folders =
        [
            ("gptq", copy.Write(Gptq(bits, group, symmetric), static (n, m) => PublishedForms.Gptq(n, m))),
            ("gptq_v2", copy.Write(Gptq(bits, group, symmetric, "gptq_v2"), static (n, m) => PublishedForms.Gptq(n, m, second: true))),
        ];
        if (bits == 4 && !symmetric)
        {
            folders.Add(("awq", copy.Write(Awq(group), PublishedForms.Awq)));
        }

        string Compressed(string format, string ignore = "ignore") => PublishedForms.CompressedConfig(format, copy.Matrices.Values.First(), symmetric, group == 0, ignore);
        folders.Add(("pack-quantized", copy.Write(Compressed("pack-quantized"), (n, m) => PublishedForms.Packed(n, m, !symmetric))));
        folders.Add((bits == 8 ? "int-quantized" : "naive-quantized", copy.Write(
            Compressed(bits == 8 ? "int-quantized" : "naive-quantized", "ignored_layers"), (n, m) => PublishedForms.Bytes(n, m, !symmetric))));
        try
        {
            LoadedLogits? first = null;
            foreach ((string form, TempFolder folder) in folders)
            {
                AssertExact(folder.Root, copy, form);
                Assert.Null(ModelInspection.Load(folder.Root).Problem);
                LoadedLogits logits = LoadedLogits.Of(folder.Root, null);
                first ??= logits;
                Assert.True(LoadedLogits.Difference(first, logits) is null, $"{form}: {LoadedLogits.Difference(first, logits)}");
            }

            // Inputs are rounded to 8 bits, so the logits differ from those of the same values in float32, but not by much.
            using TempFolder values = copy.WriteValues();
            Assert.InRange(Distance(LoadedLogits.Of(values.Root, null, ComputeMode.F32), LoadedLogits.Of(folders[0].Folder.Root, null, ComputeMode.F32)), 1e-5, 0.1);
        }
        finally
        {
            folders.ForEach(static f => f.Folder.Dispose());
        }
    }

    [Fact]
    public void Modules_that_are_not_listed_are_found_by_their_tensors()
    {
        static bool Left(string module) => module.Contains("layers.1.self_attn", StringComparison.Ordinal) || module.Contains("shared_mlp", StringComparison.Ordinal);
        QuantizedCopy copy = QuantizedCopy.Integers(TestPaths.Model(Model), 4, 32, symmetric: true, Left);
        using TempFolder folder = copy.Write(Gptq(4, 32, symmetric: true), static (n, m) => PublishedForms.Gptq(n, m));
        ModelConfig config = ModelConfig.Load(folder.Root);
        Assert.Null(config.Quantization!.SchemeOf("model.layers.1.self_attn.o_proj"));
        Assert.Null(config.Quantization.SchemeOf("model.layers.0.mlp.shared_mlp.up_proj"));
        Assert.Equal(ElementType.I4, config.Quantization.SchemeOf("model.layers.0.self_attn.o_proj")!.Type);
        AssertExact(folder.Root, copy, "gptq");
        using TempFolder values = copy.WriteValues();
        Assert.InRange(Distance(LoadedLogits.Of(values.Root, null, ComputeMode.F32), LoadedLogits.Of(folder.Root, null, ComputeMode.F32)), 1e-5, 0.1);
    }

    [Fact]
    public void A_packed_copy_has_the_same_bits()
    {
        QuantizedCopy copy = QuantizedCopy.Integers(TestPaths.Model(Model), 4, 64, symmetric: false);
        using TempFolder folder = copy.Write(Awq(64), PublishedForms.Awq);
        using TempFolder cache = new();
        LoadedLogits first = LoadedLogits.Of(folder.Root, cache.Root);
        LoadedLogits mapped = LoadedLogits.Of(folder.Root, cache.Root);
        Assert.True(mapped.Mapped);
        Assert.Null(LoadedLogits.Difference(first, mapped));
    }

    [Theory]
    [InlineData("order", "g_idx\" puts input 1 into group 1", "desc_act")]
    [InlineData("zero", "has the zero point 3", "\"sym\" false")]
    [InlineData("qweight missing", "q_proj.qweight\" is missing", "I32")]
    [InlineData("scales", "o_proj.scales", "[2, 64]")]
    public void Files_that_do_not_match_are_refused(string fault, params string[] parts)
    {
        QuantizedCopy copy = QuantizedCopy.Integers(TestPaths.Model(Model), 4, 32, symmetric: true);
        using TempFolder folder = copy.Write(Gptq(4, 32, symmetric: true), static (n, m) => PublishedForms.Gptq(n, m), tensors => Break(fault, tensors));
        ModelException error = Assert.Throws<ModelException>(() => LoadedLogits.Of(folder.Root, null));
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    private static void Break(string fault, List<TensorData> tensors)
    {
        const string Module = "model.layers.0.self_attn.";
        switch (fault)
        {
            case "order":
                tensors.ForEachReplace(t => t.Name == Module + "o_proj.g_idx", static t => t with { Bytes = [.. t.Bytes[..4], 1, .. t.Bytes[5..]] });
                break;
            case "zero":
                tensors.ForEachReplace(t => t.Name == Module + "o_proj.qzeros", static t => t with { Bytes = [0x72, .. t.Bytes[1..]] });
                break;
            case "qweight missing":
                Assert.Equal(1, tensors.RemoveAll(t => t.Name == Module + "q_proj.qweight"));
                break;
            case "scales":
                tensors.ForEachReplace(t => t.Name == Module + "o_proj.scales", static t => t with { Shape = [1, 64], Bytes = t.Bytes[..128] });
                break;
        }
    }

    // Compares what the kernels pack with the reference, one element after the other.
    private static void AssertExact(string folder, QuantizedCopy copy, string form)
    {
        ModelConfig config = ModelConfig.Load(folder);
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        Weights weights = new(config, checkpoint);
        int compared = 0;
        for (int layer = 0; layer < config.Layers; layer++)
        {
            List<RowSource> sources = [weights.Query(layer), weights.AttentionOutput(layer)];
            if (config.IsSelfLayer(layer))
            {
                sources.AddRange([weights.Key(layer), weights.Value(layer)]);
            }

            foreach (MlpRows mlp in Enumerable.Range(0, config.Experts).Select(e => weights.Expert(layer, e)).Append(weights.Shared(layer)))
            {
                sources.AddRange([mlp.Gate, mlp.Up, mlp.Down]);
            }

            foreach (RowSource source in sources)
            {
                string module = source.Name[..source.Name.LastIndexOf('.')];
                if (copy.Matrices.TryGetValue(module, out IntegerMatrix? expected))
                {
                    compared++;
                    AssertExact(source, expected, $"{form}, {module}");
                }
            }
        }

        Assert.Equal(copy.Matrices.Count, compared);
    }

    private static void AssertExact(RowSource source, IntegerMatrix expected, string name)
    {
        float[] values = StoredValues.Read(source);
        for (int i = 0; i < values.Length; i++)
        {
            float value = expected.Value(i / expected.Columns, i % expected.Columns);
            Assert.True(values[i].Equals(value), $"{name}: element {i} is {values[i]}, not {value}.");
        }
    }

    private static double Distance(LoadedLogits a, LoadedLogits b)
    {
        double[] rows = [.. a.Logits.Zip(b.Logits, static (x, y) => x.Zip(y, static (p, q) => (double)Math.Abs(p - q)).Average()).Order()];
        return rows[rows.Length / 2];
    }

    private static string Gptq(int bits, int group, bool symmetric, string format = "gptq") => $$"""
        {"quant_method": "gptq", "bits": {{bits}}, "group_size": {{(group == 0 ? -1 : group)}}, "sym": {{(symmetric ? "true" : "false")}}, "desc_act": false,
         "static_groups": false, "true_sequential": true, "checkpoint_format": "{{format}}"}
        """;

    private static string Awq(int group) => $$"""
        {"quant_method": "awq", "bits": 4, "group_size": {{(group == 0 ? -1 : group)}}, "zero_point": true, "version": "gemm", "modules_to_not_convert": null}
        """;
}
