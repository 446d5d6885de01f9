using System.Text.Json;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Model.Quantization.Writing;
using HunyuanOrleans.Model.Tests.Checkpoints;
using HunyuanOrleans.Model.Tests.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Quantization;

/// <summary>Quantising at load, loading a quantised checkpoint and mapping a packed copy give the same bits.</summary>
public sealed class QuantizedLoadTests
{
    public static TheoryData<string, QuantFormat> Cases
    {
        get
        {
            TheoryData<string, QuantFormat> data = [];
            foreach (string name in GoldenCase.Names)
            {
                foreach (QuantFormat format in Enum.GetValues<QuantFormat>().Skip(1))
                {
                    data.Add(name, format);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Written_loaded_and_mapped_give_the_bits_of_quantising_at_load(string name, QuantFormat format)
    {
        string folder = TestPaths.Model(name);
        using TempFolder temp = new();
        string written = temp.File("written");
        ModelQuantizer.Quantize(folder, written, format, maxShardBytes: 400_000);
        LoadedLogits plain = LoadedLogits.Of(folder, null);
        LoadedLogits atLoad = LoadedLogits.Of(folder, temp.File("cache"), quant: format);
        Assert.NotNull(LoadedLogits.Difference(plain, atLoad));
        Assert.DoesNotContain(atLoad.Logits.SelectMany(row => row), float.IsNaN);
        foreach (QuantFormat? asked in new QuantFormat?[] { null, format })
        {
            LoadedLogits loaded = LoadedLogits.Of(written, null, quant: asked);
            Assert.Empty(loaded.Warnings);
            Assert.Null(LoadedLogits.Difference(atLoad, loaded));
        }

        LoadedLogits mapped = LoadedLogits.Of(folder, temp.File("cache"), quant: format);
        Assert.True(mapped.Mapped);
        Assert.Empty(mapped.Warnings);
        Assert.Null(LoadedLogits.Difference(atLoad, mapped));
        ModelInspection inspected = ModelInspection.Load(written);
        Assert.Null(inspected.Problem);
        Assert.True(inspected.Files.Count > 1 == File.Exists(Path.Combine(written, "model.safetensors.index.json")));
    }

    [Fact]
    public void Digests_of_the_sources_files_are_not_copied()
    {
        using TempFolder source = CheckpointRewriter.Copy(TestPaths.Model("tiny-cla"), static _ => { });
        File.WriteAllText(source.File(FileSums.Name), "0  model.safetensors\n");
        File.WriteAllText(source.File("LICENSE"), "free");
        using TempFolder temp = new();
        ModelQuantizer.Quantize(source.Root, temp.File("out"), QuantFormat.Int8);
        Assert.True(File.Exists(temp.File("out/LICENSE")));
        Assert.False(File.Exists(Path.Combine(temp.File("out"), FileSums.Name)));
    }

    [Fact]
    public void One_folder_keeps_copies_of_several_formats()
    {
        string folder = TestPaths.Model("tiny-cla");
        using TempFolder cache = new();
        LoadedLogits.Of(folder, cache.Root);
        LoadedLogits.Of(folder, cache.Root, quant: QuantFormat.Int8);
        LoadedLogits.Of(folder, cache.Root, quant: QuantFormat.Int8All);
        Assert.Equal(3, Directory.GetFiles(cache.Root).Length);
        foreach (QuantFormat? quant in new QuantFormat?[] { null, QuantFormat.Int8, QuantFormat.Int8All })
        {
            LoadedLogits again = LoadedLogits.Of(folder, cache.Root, quant: quant);
            Assert.True(again.Mapped);
            Assert.Empty(again.Warnings);
        }
    }

    [Fact]
    public void Written_files_describe_their_quantisation()
    {
        using TempFolder temp = new();
        string written = temp.File("written");
        ModelQuantizer.Quantize(TestPaths.DemoModel, written, QuantFormat.Int4);
        using Checkpoint checkpoint = Checkpoint.Open(written);
        Assert.True(checkpoint.TryGet("model.layers.1.mlp.experts.2.down_proj.weight_packed", out TensorView codes));
        Assert.Equal(("[192, 16]", StoredType.I32), (codes.ShapeText, codes.StoredType));
        Assert.True(checkpoint.TryGet("model.layers.1.mlp.experts.2.down_proj.weight_scale", out TensorView scales));
        Assert.Equal(("[192, 4]", StoredType.F16), (scales.ShapeText, scales.StoredType));
        Assert.True(checkpoint.TryGet("model.layers.0.self_attn.q_proj.weight", out TensorView query));
        Assert.Equal(("[192, 192]", StoredType.I8), (query.ShapeText, query.StoredType));
        Assert.True(checkpoint.TryGet("model.layers.0.self_attn.q_proj.weight_scale", out TensorView row));
        Assert.Equal(("[192, 1]", StoredType.F32), (row.ShapeText, row.StoredType));
        Assert.True(checkpoint.TryGet("model.embed_tokens.weight", out TensorView embedding));
        Assert.Equal(StoredType.BF16, embedding.StoredType);
        foreach (string file in new[] { "hy.tiktoken", "tokenizer_config.json", "generation_config.json" })
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(TestPaths.DemoModel, file)), File.ReadAllBytes(Path.Combine(written, file)));
        }

        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Path.Combine(written, "config.json")));
        JsonElement stated = json.RootElement.GetProperty("quantization_config");
        Assert.Equal("mixed-precision", stated.GetProperty("format").GetString());
        Assert.Equal("pack-quantized", stated.GetProperty("config_groups").GetProperty("group_0").GetProperty("format").GetString());
        Assert.Equal(4608, json.RootElement.GetProperty("vocab_size").GetInt32());
    }

    [Fact]
    public void A_quantised_model_is_neither_quantised_again_nor_loaded_in_another_format()
    {
        using TempFolder temp = new();
        string written = temp.File("written");
        ModelQuantizer.Quantize(TestPaths.Model("tiny-dense"), written, QuantFormat.Int8);
        ModelException again = Assert.Throws<ModelException>(() => ModelQuantizer.Quantize(written, temp.File("again"), QuantFormat.Fp8));
        Assert.Contains("quantised already", again.Message, StringComparison.Ordinal);
        ModelException other = Assert.Throws<ModelException>(() => LoadedLogits.Of(written, null, quant: QuantFormat.Int4));
        Assert.Contains("cannot be loaded as int4; allowed: int8", other.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(temp.File("again")));
    }

    [Fact]
    public void Cancelling_leaves_no_folder_and_the_folder_of_a_killed_run_is_replaced()
    {
        using TempFolder temp = new();
        string output = temp.File("out");
        using CancellationTokenSource stop = new();
        Assert.ThrowsAny<OperationCanceledException>(() => ModelQuantizer.Quantize(
            TestPaths.Model("tiny-cla"), output, QuantFormat.Int8, (_, _) => stop.Cancel(), stop.Token));
        Assert.Empty(Directory.GetFileSystemEntries(temp.Root));

        Directory.CreateDirectory(output + ".partial");
        File.WriteAllText(Path.Combine(output + ".partial", "config.json"), "half");
        Directory.CreateDirectory(output);
        ModelQuantizer.Quantize(TestPaths.Model("tiny-cla"), output, QuantFormat.Int8);
        Assert.Equal([output], Directory.GetFileSystemEntries(temp.Root));
        Assert.Null(ModelInspection.Load(output).Problem);
        Assert.Contains("not empty", Assert.Throws<ModelException>(() => ModelQuantizer.Quantize(TestPaths.Model("tiny-cla"), output, QuantFormat.Int8)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("scale missing", "q_proj.weight_scale", "is missing", "ignore")]
    [InlineData("scale shape", "q_proj.weight_scale", "[8]", "[64, 1]")]
    [InlineData("scale type", "q_proj.weight_scale", "I32", "F32")]
    [InlineData("weight type", "q_proj.weight", "BF16", "I8")]
    [InlineData("weight shape", "q_proj.weight", "[64, 32]", "[64, 64]")]
    [InlineData("stray input scale", "q_proj.input_scale", "exists, but", "activation_scheme")]
    [InlineData("no config", "weight", "I8", "has no \"quantization_config\"")]
    public void Files_that_do_not_match_the_config_are_refused(string fault, params string[] parts)
    {
        using TempFolder temp = new();
        string written = temp.File("written");
        ModelQuantizer.Quantize(TestPaths.Model("tiny-cla"), written, QuantFormat.Int8All);
        const string Query = "model.layers.0.self_attn.q_proj.weight";
        using TempFolder copy = CheckpointRewriter.Copy(written, tensors => Break(fault, tensors, Query));
        if (fault == "no config")
        {
            File.Copy(Path.Combine(TestPaths.Model("tiny-cla"), "config.json"), copy.File("config.json"), overwrite: true);
        }

        ModelException error = Assert.Throws<ModelException>(() => LoadedLogits.Of(copy.Root, null));
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    private static void Break(string fault, List<TensorData> tensors, string query)
    {
        bool Scale(TensorData t) => t.Name == query + "_scale";
        bool Weight(TensorData t) => t.Name == query;
        switch (fault)
        {
            case "scale missing":
                Assert.Equal(1, tensors.RemoveAll(Scale));
                break;
            case "scale shape":
                tensors.ForEachReplace(Scale, t => t with { Shape = [8], Bytes = t.Bytes[..32] });
                break;
            case "scale type":
                tensors.ForEachReplace(Scale, t => t with { Type = StoredType.I32 });
                break;
            case "weight type":
                tensors.ForEachReplace(Weight, t => t with { Type = StoredType.BF16, Bytes = [.. t.Bytes, .. t.Bytes] });
                break;
            case "weight shape":
                tensors.ForEachReplace(Weight, t => t with { Shape = [64, 32], Bytes = t.Bytes[..2048] });
                break;
            case "stray input scale":
                tensors.Add(new TensorData("model.layers.0.self_attn.q_proj.input_scale", StoredType.F32, [], new byte[4]));
                break;
        }
    }
}
