using System.Buffers.Binary;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Checkpoints.Gguf;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Tests.Loading;
using HunyuanOrleans.Model.Tests.Quantization;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints.Gguf;

/// <summary>Models in GGUF files: blocks are decoded exactly, files load like the folders that they come from, and damaged files are named.</summary>
public sealed class GgufModelTests : IDisposable
{
    private static readonly RandomModelOptions Moe = new()
    {
        Hidden = 256, Layers = 2, Heads = 8, KvHeads = 2, HeadDim = 32, Intermediate = 256, Experts = 4, TopK = 2, SharedExperts = 1, ClaFactor = 1, Vocab = 512,
    };

    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Theory]
    [InlineData(StoredType.Q8_0)]
    [InlineData(StoredType.Q4_0)]
    [InlineData(StoredType.Q4_1)]
    [InlineData(StoredType.Q5_0)]
    [InlineData(StoredType.Q5_1)]
    [InlineData(StoredType.IQ4_NL)]
    [InlineData(StoredType.Q2_K)]
    [InlineData(StoredType.Q3_K)]
    [InlineData(StoredType.Q4_K)]
    [InlineData(StoredType.Q5_K)]
    [InlineData(StoredType.Q6_K)]
    [InlineData(StoredType.IQ4_XS)]
    public void Blocks_are_decoded_as_the_format_defines_them(StoredType type)
    {
        Random random = new(4);
        List<double> expected = [];
        List<byte> bytes = [];
        for (int block = 0; block < 50; block++)
        {
            bytes.AddRange(GgufBytes.Block(type, random, expected));
        }

        float[] values = new float[expected.Count];
        GgufDecoder.Decode(type, bytes.ToArray(), values);
        for (int i = 0; i < values.Length; i++)
        {
            Assert.Equal(expected[i], values[i], 1e-5 * (1 + Math.Abs(expected[i])));
        }
    }

    [Theory]
    [InlineData("f32", true)]
    [InlineData("bf16", true)]
    [InlineData("f32", false)]
    [InlineData("bf16", false)]
    public void A_file_without_blocks_gives_the_bits_of_its_folder(string type, bool moe)
    {
        string folder = Write(moe);
        string file = _temp.File("model.gguf");
        GgufConversion.ToFile(folder, file, type, null);
        LoadedLogits expected = LoadedLogits.Of(folder, null), actual = LoadedLogits.Of(file, null);

        // The file has the base that alpha stands for, rounded to float32, so that angles differ by some units in the last place.
        Assert.InRange(Largest(expected, actual), 0, 0.05);
        Assert.Null(ModelInspection.Load(file).Problem);
    }

    [Theory]
    [InlineData("q8_0", true, ElementType.U8)]
    [InlineData("q4_0", true, ElementType.I4)]
    [InlineData("q8_0", false, ElementType.U8)]
    [InlineData("q4_0", false, ElementType.I4)]
    public void Blocks_are_kept_and_give_the_logits_of_their_values(string type, bool moe, ElementType element)
    {
        string folder = Write(moe);
        string file = _temp.File("model.gguf"), decoded = _temp.File("decoded");
        GgufConversion.ToFile(folder, file, type, null);
        ModelConfig config = ModelConfig.Load(file);
        Assert.Equal(element, config.Quantization!.SchemeOf("model.layers.1.self_attn.o_proj")!.Type);
        GgufConversion.ToFolder(file, decoded, "f32", static _ => { });

        using Checkpoint stored = Checkpoint.Open(file);
        using Checkpoint plain = Checkpoint.Open(decoded);
        RowSource kept = new Weights(config, stored).AttentionOutput(1);
        Assert.Equal(new Weights(ModelConfig.Load(decoded), plain).AttentionOutput(1).ToSingles(), StoredValues.Read(kept));

        // Inputs are rounded to 8 bits, also those of lm_head. Logits have a standard deviation of about 2.
        Assert.InRange(
            Median(LoadedLogits.Of(decoded, null, ComputeMode.F32), LoadedLogits.Of(file, null, ComputeMode.F32)), 1e-6, 0.15);
    }

    [Fact]
    public void A_packed_copy_of_a_file_is_used_again()
    {
        string file = _temp.File("model.gguf");
        GgufConversion.ToFile(Write(moe: true), file, "q8_0", null);
        using TempFolder cache = new();
        LoadedLogits first = LoadedLogits.Of(file, cache.Root);
        LoadedLogits mapped = LoadedLogits.Of(file, cache.Root);
        Assert.True(mapped.Mapped);
        Assert.Null(LoadedLogits.Difference(first, mapped));
    }

    [Fact]
    public void A_folder_with_one_file_is_a_model_and_several_are_named()
    {
        string folder = Write(moe: true), models = _temp.File("models");
        GgufConversion.ToFile(folder, Path.Combine(models, "a.gguf"), "bf16", null);
        Assert.Equal(2, ModelConfig.Load(models).Layers);
        File.Copy(Path.Combine(models, "a.gguf"), Path.Combine(models, "b.gguf"));
        Assert.Contains("a.gguf, b.gguf", Assert.Throws<ModelException>(() => ModelConfig.Load(models)).Message, StringComparison.Ordinal);
        File.Move(Path.Combine(models, "a.gguf"), Path.Combine(models, "a-00001-of-00003.gguf"));
        File.Delete(Path.Combine(models, "b.gguf"));
        File.Copy(Path.Combine(models, "a-00001-of-00003.gguf"), _temp.File("a-00002-of-00003.gguf"));
        Assert.Contains(
            "a later part", Assert.Throws<ModelException>(() => ModelConfig.Load(_temp.File("a-00002-of-00003.gguf"))).Message, StringComparison.Ordinal);
        Assert.Contains(
            "a-00002-of-00003.gguf, a-00003-of-00003.gguf", Assert.Throws<ModelException>(() => Checkpoint.Open(models)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_that_are_not_finite_and_more_experts_than_a_model_may_have_are_refused()
    {
        string file = _temp.File("model.gguf");
        GgufConversion.ToFile(Write(moe: true), file, "bf16", null);
        byte[] sound = File.ReadAllBytes(file);

        // The float32 after the key and its type.
        byte[] key = [.. "rope.freq_base"u8];
        int at = sound.AsSpan().IndexOf(key) + key.Length + sizeof(uint);
        byte[] changed = [.. sound];
        BinaryPrimitives.WriteSingleLittleEndian(changed.AsSpan(at), float.NaN);
        File.WriteAllBytes(file, changed);
        Assert.Contains("allowed: a finite number", Assert.Throws<ModelException>(() => ModelConfig.Load(file)).Message, StringComparison.Ordinal);

        // [256, 256, 4] in the order of the file becomes [1, 1, 262144], with as many bytes.
        byte[] name = [.. "blk.0.ffn_gate_exps.weight"u8];
        at = sound.AsSpan().IndexOf(name) + name.Length + sizeof(uint);
        changed = [.. sound];
        foreach (long dimension in (long[])[1, 1, 256 * 256 * 4])
        {
            BinaryPrimitives.WriteInt64LittleEndian(changed.AsSpan(at), dimension);
            at += sizeof(long);
        }

        File.WriteAllBytes(file, changed);
        Assert.Contains("262144 experts", Assert.Throws<ModelException>(() => Checkpoint.Open(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_llama_cpp_lacks_and_existing_files_are_refused()
    {
        string folder = _temp.File("cla");
        RandomModel.Write(Moe with { ClaFactor = 2 }, folder);
        string file = _temp.File("model.gguf");
        Assert.Contains("cla_share_factor 2", Assert.Throws<ModelException>(() => GgufConversion.ToFile(folder, file, "bf16", null)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
        File.WriteAllText(file, "x");
        Assert.Contains("exists", Assert.Throws<ModelException>(() => GgufConversion.ToFile(folder, file, "bf16", null)).Message, StringComparison.Ordinal);
        Assert.Contains("does not begin", Assert.Throws<ModelException>(() => ModelConfig.Load(file)).Message, StringComparison.Ordinal);
    }

    private string Write(bool moe)
    {
        string folder = _temp.File(moe ? "moe" : "dense");
        RandomModel.Write(moe ? Moe : Moe with { Experts = 1, TopK = 1, SharedExperts = 0 }, folder);
        return folder;
    }

    private static double Largest(LoadedLogits a, LoadedLogits b) =>
        a.Logits.Zip(b.Logits, static (x, y) => x.Zip(y, static (p, q) => (double)Math.Abs(p - q)).Max()).Max();

    private static double Median(LoadedLogits a, LoadedLogits b)
    {
        double[] rows = [.. a.Logits.Zip(b.Logits, static (x, y) => x.Zip(y, static (p, q) => (double)Math.Abs(p - q)).Average()).Order()];
        return rows[rows.Length / 2];
    }
}
