using HunyuanOrleans.Model.Checkpoints.Gguf;
using HunyuanOrleans.Bench.Peers.Measuring;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Bench.Tests.Peers;

public sealed class GgufConverterTests : IDisposable
{
    private static readonly RandomModelOptions Shape = AgreementCheck.Shape with { Layers = 2 };

    private readonly TempFolder _folder = new();

    private string ModelFolder => _folder.File("model");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_file_has_the_shapes_of_the_config()
    {
        GgufFile file = Convert(Shape, GgufType.BF16);
        Assert.Equal(("GGUF", 3u), file.Header);
        Assert.Equal("hunyuan-moe", file.Metadata["general.architecture"]);
        Assert.Equal("no_vocab", file.Metadata["tokenizer.ggml.model"]);
        Assert.Equal((uint)Shape.Vocab, file.Metadata["hunyuan-moe.vocab_size"]);
        Assert.Equal((uint)Shape.TopK, file.Metadata["hunyuan-moe.expert_used_count"]);

        // The alpha of 1000 as a base: 10000 * 1000^(64/62).
        Assert.Equal(12496091f, (float)file.Metadata["hunyuan-moe.rope.freq_base"], 2f);
        Assert.Equal(3 + (15 * Shape.Layers), file.Tensors.Count);
        Assert.Equal([Shape.Hidden], file.Tensors["blk.1.attn_norm.weight"].Dimensions);
        Assert.Equal([Shape.Hidden, Shape.KvHeads * Shape.HeadDim], file.Tensors["blk.1.attn_k.weight"].Dimensions);
        Assert.Equal([Shape.Intermediate, Shape.Hidden, Shape.Experts], file.Tensors["blk.1.ffn_down_exps.weight"].Dimensions);
        Assert.All(file.Tensors.Values, static tensor => Assert.Equal(0, tensor.Offset % 32));
    }

    [Fact]
    public void Experts_follow_each_other()
    {
        GgufFile file = Convert(Shape, GgufType.BF16);
        using Checkpoint checkpoint = Checkpoint.Open(ModelFolder);
        Weights weights = new(ModelConfig.Load(ModelFolder), checkpoint);
        for (int expert = 0; expert < Shape.Experts; expert++)
        {
            ReadOnlySpan<byte> row = weights.ExpertUp(1, expert).Row(5);
            int start = ((expert * Shape.Intermediate) + 5) * row.Length;
            Assert.True(row.SequenceEqual(file.Data("blk.1.ffn_up_exps.weight", start, row.Length)), $"Expert {expert} is not where it should be.");
        }
    }

    [Theory]
    [InlineData(GgufType.BF16, GgufType.BF16, GgufType.BF16)]
    [InlineData(GgufType.Q8_0, GgufType.Q8_0, GgufType.BF16)]
    [InlineData(GgufType.Q4_0, GgufType.Q8_0, GgufType.BF16)]
    public void Matrices_head_and_embedding_have_the_types_of_our_forms(object matrices, object head, object embedding)
    {
        GgufFile file = Convert(Shape, (GgufType)matrices);
        Assert.Equal((uint)(GgufType)matrices, file.Tensors["blk.0.ffn_gate_shexp.weight"].Type);
        Assert.Equal((uint)(GgufType)matrices, file.Tensors["blk.0.attn_output.weight"].Type);
        Assert.Equal((uint)(GgufType)head, file.Tensors["output.weight"].Type);
        Assert.Equal((uint)(GgufType)embedding, file.Tensors["token_embd.weight"].Type);
        Assert.Equal((uint)GgufType.F32, file.Tensors["blk.0.ffn_gate_inp.weight"].Type);
    }

    [Fact]
    public void A_file_is_converted_again_only_if_the_model_is_newer()
    {
        Convert(Shape, GgufType.BF16);
        Assert.False(GgufConverter.Convert(ModelFolder, _folder.File("model.gguf"), GgufType.BF16));
        File.SetLastWriteTimeUtc(Path.Combine(ModelFolder, "config.json"), DateTime.UtcNow.AddMinutes(1));
        Assert.True(GgufConverter.Convert(ModelFolder, _folder.File("model.gguf"), GgufType.BF16));
    }

    [Fact]
    public void Features_that_llama_cpp_lacks_are_named()
    {
        Refuses(Shape with { ClaFactor = 2 }, "cla_share_factor 2");
        Refuses(Shape with { QkNorm = false }, "use_qk_norm");
        Refuses(Shape with { AttentionBias = true }, "biases");
        Refuses(Shape with { SharedExperts = 0 }, "without a shared expert");
        Refuses(Shape with { RopeAlpha = 0 }, "rotary scaling");
    }

    private static void Refuses(RandomModelOptions shape, string feature)
    {
        ModelConfig config = RandomModel.Config(shape);
        Assert.Contains(feature, Assert.Throws<ModelException>(() => HunyuanLayout.RequireSupported(config)).Message, StringComparison.Ordinal);
    }

    private GgufFile Convert(RandomModelOptions shape, GgufType type)
    {
        RandomModel.Write(shape, ModelFolder);
        Assert.True(GgufConverter.Convert(ModelFolder, _folder.File("model.gguf"), type));
        return new GgufFile(_folder.File("model.gguf"));
    }
}
