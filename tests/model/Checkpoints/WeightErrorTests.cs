using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

/// <summary>Errors of valid files that do not contain the model of the config.</summary>
public sealed class WeightErrorTests
{
    private const string Up = "model.layers.3.mlp.experts.5.up_proj.weight";

    [Theory]
    [InlineData("model.embed_tokens.weight", "[512, 64]")]
    [InlineData("lm_head.weight", "[512, 64]")]
    [InlineData("model.norm.weight", "[64]")]
    [InlineData("model.layers.1.self_attn.q_proj.weight", "[64, 64]")]
    [InlineData("model.layers.2.self_attn.v_proj.weight", "[16, 64]")]
    [InlineData("model.layers.1.self_attn.key_layernorm.weight", "[8]")]
    [InlineData("model.layers.0.mlp.gate.wg.weight", "[16, 64]")]
    [InlineData("model.layers.0.mlp.shared_mlp.down_proj.weight", "[64, 96]")]
    [InlineData(Up, "[96, 64]")]
    public void Missing_tensor(string name, string shape) => Refused(
        tensors => Assert.Equal(1, tensors.RemoveAll(t => t.Name == name)), $"tensor \"{name}\" is missing", "allowed: ", shape, "config.json");

    [Fact]
    public void Missing_message_names_the_packed_form_too() => Refused(
        tensors => tensors.RemoveAll(t => t.Name == Up), "(or \"model.layers.3.mlp.experts.5.gate_and_up_proj.weight\")");

    [Fact]
    public void Extra_tensor() => Refused(
        tensors => tensors.Add(new("model.layers.0.self_attn.surprise", StoredType.F32, [1], new byte[4])),
        "tensor \"model.layers.0.self_attn.surprise\" of shape [1] is not part of the model");

    [Fact]
    public void Extra_expert() => Refused(
        tensors => tensors.Add(new("model.layers.0.mlp.experts.16.up_proj.weight", StoredType.BF16, [96, 64], new byte[96 * 64 * 2])),
        "experts.16.up_proj.weight\"", "is not part of the model");

    [Fact]
    public void Keys_in_a_cross_layer() => Refused(
        tensors => tensors.Add(new("model.layers.1.self_attn.k_proj.weight", StoredType.BF16, [16, 64], new byte[16 * 64 * 2])),
        "\"model.layers.1.self_attn.k_proj.weight\"", "is not part of the model");

    [Fact]
    public void Bias_without_attention_bias() => Refused(
        tensors => tensors.Add(new("model.layers.0.self_attn.q_proj.bias", StoredType.BF16, [64], new byte[128])),
        "\"model.layers.0.self_attn.q_proj.bias\"", "is not part of the model");

    [Fact]
    public void Both_packed_and_separate() => Refused(
        tensors => tensors.Add(new("model.layers.0.self_attn.qkv_proj.weight", StoredType.BF16, [96, 64], new byte[96 * 64 * 2])),
        "\"model.layers.0.self_attn.qkv_proj.weight\"", "is not part of the model");

    [Fact]
    public void Wrong_shape() => Refused(
        tensors => tensors.ForEachReplace(t => t.Name == Up, t => t with { Shape = [64, 96] }),
        $"tensor \"{Up}\" has shape [64, 96]; allowed: [96, 64]");

    [Fact]
    public void Wrong_rank() => Refused(
        tensors => tensors.ForEachReplace(t => t.Name == "model.norm.weight", t => t with { Shape = [1, 64] }),
        "\"model.norm.weight\" has shape [1, 64]; allowed: [64]");

    [Fact]
    public void Wrong_shape_of_a_packed_tensor() => Refused(
        tensors =>
        {
            tensors.RemoveAll(t => t.Name is "model.layers.0.self_attn.q_proj.weight"
                or "model.layers.0.self_attn.k_proj.weight" or "model.layers.0.self_attn.v_proj.weight");
            tensors.Add(new("model.layers.0.self_attn.qkv_proj.weight", StoredType.BF16, [95, 64], new byte[95 * 64 * 2]));
        },
        "has shape [95, 64]; allowed: [96, 64]");

    [Theory]
    [InlineData(StoredType.F8E4M3)]
    [InlineData(StoredType.I8)]
    public void Types_that_are_not_supported_yet(StoredType type) => Refused(
        tensors => tensors.ForEachReplace(t => t.Name == Up, t => t with { Type = type, Bytes = t.Bytes[..(96 * 64)] }),
        $"tensor \"{Up}\" is stored as {type.Name()}, which is not supported; allowed: BF16, F16, F32");

    private static void Refused(Action<List<TensorData>> change, params string[] expected)
    {
        using TempFolder copy = CheckpointRewriter.Copy(TestPaths.Model("tiny-cla"), change);
        using Checkpoint checkpoint = Checkpoint.Open(copy.Root);
        ModelException e = Assert.Throws<ModelException>(() => new Weights(ModelConfig.Load(copy.Root), checkpoint).Validate());
        Assert.StartsWith(copy.File("model.safetensors"), e.Message);
        Assert.All(expected, part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
    }
}
