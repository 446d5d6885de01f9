using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;
using HunyuanOrleans.Model.Quantization.Writing;
using HunyuanOrleans.Model.Tests.Configuration;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Quantization;

/// <summary>The meaning of quantization_config, and the errors for unsupported settings.</summary>
public sealed class QuantizationConfigTests
{
    private const string Scheme = """{"num_bits": 8, "type": "int", "symmetric": true, "strategy": "channel"}""";

    [Theory]
    [InlineData("""{}""", "quantization_config.quant_method", "missing", "\"fp8\"")]
    [InlineData("""{"quant_method": "bitsandbytes"}""", "quantization_config.quant_method", "\"bitsandbytes\"", "compressed-tensors")]
    [InlineData("""{"quant_method": "gptq", "bits": 3, "group_size": 128}""", "quantization_config.bits", "3", "4 or 8")]
    [InlineData("""{"quant_method": "gptq", "bits": 4}""", "quantization_config.group_size", "missing", "a whole number")]
    [InlineData("""{"quant_method": "gptq", "bits": 4, "group_size": 48}""", "quantization_config.group_size", "48", "a multiple of 32")]
    [InlineData("""{"quant_method": "gptq", "bits": 4, "group_size": 128, "checkpoint_format": "marlin"}""", "quantization_config.checkpoint_format", "\"marlin\"", "\"gptq_v2\"")]
    [InlineData("""{"quant_method": "gptq", "bits": 4, "group_size": 128, "dynamic": {"-:.*": {}}}""", "quantization_config.dynamic", "-:.*", "absent")]
    [InlineData("""{"quant_method": "awq", "bits": 8, "group_size": 128}""", "quantization_config.bits", "8", "4")]
    [InlineData("""{"quant_method": "awq", "bits": 4, "group_size": 128, "version": "gemv"}""", "quantization_config.version", "\"gemv\"", "\"gemm\"")]
    [InlineData("""{"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": false}""", "quantization_config.zero_point", "false", "true")]
    [InlineData("""{"quant_method": "modelopt", "quant_algo": "NVFP4"}""", "quantization_config.quant_algo", "\"NVFP4\"", "\"FP8\"")]
    [InlineData("""{"quant_method": "fp8"}""", "quantization_config.activation_scheme", "missing", "\"static\"")]
    [InlineData("""{"quant_method": "fp8", "activation_scheme": "token"}""", "quantization_config.activation_scheme", "\"token\"", "\"dynamic\"")]
    [InlineData("""{"quant_method": "fp8", "activation_scheme": "static", "ignored_layers": "lm_head"}""", "quantization_config.ignored_layers", "\"lm_head\"", "a list")]
    [InlineData("""{"quant_method": "fp8", "activation_scheme": "static", "ignored_layers": [7]}""", "quantization_config.ignored_layers[0]", "7", "a name")]
    [InlineData("""{"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": [64, 64]}""", "quantization_config.weight_block_size", "[64,64]", "[128, 128]")]
    [InlineData("""{"quant_method": "fp8", "activation_scheme": "dynamic", "fmt": "e5m2"}""", "quantization_config.fmt", "\"e5m2\"", "\"e4m3\"")]
    [InlineData("""{"quant_method": "compressed-tensors"}""", "quantization_config.config_groups", "missing", "an object")]
    [InlineData("""{"quant_method": "compressed-tensors", "format": "marlin-24"}""", "quantization_config.format", "\"marlin-24\"", "\"pack-quantized\"")]
    [InlineData("""{"quant_method": "compressed-tensors", "quantization_status": "frozen"}""", "quantization_config.quantization_status", "\"frozen\"", "\"compressed\"")]
    [InlineData("""{"quant_method": "compressed-tensors", "sparsity_config": {"format": "sparse-24"}}""", "quantization_config.sparsity_config", "sparse-24", "absent")]
    [InlineData("""{"quant_method": "compressed-tensors", "config_groups": {"g": {}}}""", "quantization_config.config_groups.g.targets", "missing", "\"Linear\"")]
    [InlineData("""{"quant_method": "compressed-tensors", "config_groups": {"g": {"targets": ["Linear"]}}}""", "quantization_config.config_groups.g.weights", "missing", "an object")]
    [InlineData("""{"quant_method": "compressed-tensors", "config_groups": {"g": {"targets": ["re:("], "weights": SCHEME}}}""", "quantization_config.config_groups.g.targets", "cannot be used", "")]
    [InlineData("""{"quant_method": "compressed-tensors", "config_groups": {"g": {"targets": ["Linear"], "weights": {"num_bits": 3, "type": "int", "strategy": "channel"}}}}""", "config_groups.g.weights.num_bits", "3", "8 or 4")]
    [InlineData("""{"quant_method": "compressed-tensors", "config_groups": {"g": {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "float", "strategy": "group"}}}}""", "config_groups.g.weights.num_bits", "4", "8 where")]
    [InlineData("""{"quant_method": "compressed-tensors", "config_groups": {"g": {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "int", "strategy": "group", "group_size": 48}}}}""", "config_groups.g.weights.group_size", "48", "a multiple of 32")]
    [InlineData("""{"quant_method": "compressed-tensors", "config_groups": {"g": {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "int", "strategy": "block"}}}}""", "config_groups.g.weights.strategy", "\"block\"", "\"group\"")]
    [InlineData("""{"quant_method": "compressed-tensors", "config_groups": {"g": {"targets": ["Linear"], "weights": {"num_bits": 8, "type": "int", "strategy": "token"}}}}""", "config_groups.g.weights.strategy", "\"token\"", "\"channel\"")]
    [InlineData("""{"quant_method": "compressed-tensors", "config_groups": {"g": {"targets": ["Linear"], "weights": {"num_bits": 8, "type": "int", "strategy": "tensor", "symmetric": false}}}}""", "config_groups.g.weights.symmetric", "false", "true")]
    [InlineData("""{"quant_method": "compressed-tensors", "config_groups": {"g": {"targets": ["Linear"], "weights": {"num_bits": 8, "type": "nf", "strategy": "channel"}}}}""", "config_groups.g.weights.type", "\"nf\"", "\"int\"")]
    [InlineData("""{"quant_method": "compressed-tensors", "config_groups": {"g": {"targets": ["Linear"], "weights": SCHEME, "input_activations": {"num_bits": 8, "type": "int", "strategy": "tensor", "dynamic": false}}}}""", "config_groups.g.input_activations.dynamic", "false", "true")]
    [InlineData("""{"quant_method": "compressed-tensors", "config_groups": {"g": {"targets": ["Linear"], "weights": SCHEME, "input_activations": {"num_bits": 4, "type": "int"}}}}""", "config_groups.g.input_activations.num_bits", "4", "8")]
    [InlineData("""{"quant_method": "compressed-tensors", "config_groups": {"g": {"targets": ["Linear"], "weights": SCHEME, "input_activations": {"num_bits": 8, "type": "float"}}}}""", "config_groups.g.input_activations.type", "\"float\"", "\"int\"")]
    [InlineData("""{"quant_method": "compressed-tensors", "ignore": ["re:.*wg", "model.layers.2.self_attn.k_proj"], "config_groups": {"g": {"targets": ["Linear"], "weights": SCHEME}}}""", "quantization_config.ignore", "model.layers.2.self_attn.k_proj", "both alike")]
    [InlineData("""{"quant_method": "compressed-tensors", "ignore": ["re:.*wg", "re:.*experts.3..*"], "config_groups": {"g": {"targets": ["Linear"], "weights": SCHEME}}}""", "quantization_config.ignore", "model.layers.0.mlp.experts.3.gate_proj", "both alike")]
    public void Wrong_fields_are_named(string json, string field, string shown, string allowed)
    {
        ModelException error = Assert.Throws<ModelException>(() => Parse(json.Replace("SCHEME", Scheme, StringComparison.Ordinal)));
        foreach (string part in new[] { "config.json", field, shown, allowed })
        {
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_published_fp8_config_is_read()
    {
        string ignored = string.Join(", ", Enumerable.Range(0, 64).Select(l => $"\"model.layers.{l}.mlp.gate.wg\"").Append("\"lm_head\""));
        ModelConfig config = Parse($$"""{"quant_method": "fp8", "activation_scheme": "static", "kv_cache_scheme": "static", "ignored_layers": [{{ignored}}]}""");
        WeightScheme expected = new(ElementType.F8E4M3, ScaleGranularity.Tensor, StaticInput: true);
        Assert.Equal(expected, config.Quantization!.SchemeOf("model.layers.3.self_attn.q_proj"));
        Assert.Equal(expected, config.Quantization.SchemeOf("model.layers.63.mlp.experts.15.down_proj"));
        Assert.Null(config.Quantization.SchemeOf("model.layers.3.mlp.gate.wg"));
        Assert.Null(config.Quantization.SchemeOf("lm_head"));
        Assert.Null(config.Quantization.SchemeOf("model.embed_tokens"));
        WeightTypes types = WeightTypes.Of(config, ComputeMode.Bf16, null);
        Assert.Equal((QuantFormat.Fp8, "bf16-fp8-static"), (types.Format, types.Name));
        Assert.Equal(types.Name, WeightTypes.Of(config, ComputeMode.Bf16, QuantFormat.Fp8).Name);
        ModelException error = Assert.Throws<ModelException>(() => WeightTypes.Of(config, ComputeMode.Bf16, QuantFormat.Int8));
        Assert.Contains("quantised already (fp8, fp8), so it cannot be loaded as int8; allowed: fp8", error.Message, StringComparison.Ordinal);
        Assert.Throws<ModelException>(() => WeightTypes.Of(config, ComputeMode.Bf16, QuantFormat.None));
    }

    [Fact]
    public void A_mix_of_types_that_is_no_format_can_only_be_loaded_as_stored()
    {
        ModelConfig config = Parse(
            """{"quant_method": "compressed-tensors", "ignore": ["re:.*wg", "re:.*layers.5.*"], "config_groups": {"g": {"targets": ["Linear"], "weights": SCHEME}}}"""
                .Replace("SCHEME", Scheme, StringComparison.Ordinal));
        WeightTypes types = WeightTypes.Of(config, ComputeMode.Bf16, null);
        Assert.Null(types.Format);
        Assert.StartsWith("bf16-mixed-", types.Name, StringComparison.Ordinal);
        Assert.Equal((ElementType.BF16, ElementType.I8), (types.TypeOf("model.layers.5.self_attn.o_proj"), types.TypeOf("model.layers.4.self_attn.o_proj")));
        foreach (QuantFormat format in Enum.GetValues<QuantFormat>())
        {
            Assert.Throws<ModelException>(() => WeightTypes.Of(config, ComputeMode.Bf16, format));
        }
    }

    [Theory]
    [InlineData(QuantFormat.None, null, null, null)]
    [InlineData(QuantFormat.Int8, null, ElementType.I8, null)]
    [InlineData(QuantFormat.Int8All, ElementType.I8, ElementType.I8, ElementType.I8)]
    [InlineData(QuantFormat.Int4, ElementType.I8, ElementType.I4, ElementType.I8)]
    [InlineData(QuantFormat.Int4All, ElementType.I4, ElementType.I4, ElementType.I8)]
    [InlineData(QuantFormat.Fp8, ElementType.F8E4M3, ElementType.F8E4M3, null)]
    public void The_policy_and_the_written_config_agree(QuantFormat format, ElementType? attention, ElementType? mlp, ElementType? head)
    {
        Assert.Equal(attention, QuantPolicy.TypeOf(format, LinearRole.Attention));
        Assert.Equal(mlp, QuantPolicy.TypeOf(format, LinearRole.Mlp));
        Assert.Equal(head, QuantPolicy.TypeOf(format, LinearRole.Head));
        WeightTypes asked = WeightTypes.Of(ConfigJson.Parse(ConfigJson.Large), ComputeMode.Bf16, format);
        Assert.Equal(ElementType.F32, asked.TypeOf("model.layers.0.mlp.gate.wg"));
        Assert.Equal(ElementType.BF16, asked.TypeOf("model.embed_tokens"));
        if (format == QuantFormat.None)
        {
            return;
        }

        using System.Text.Json.JsonDocument written = System.Text.Json.JsonDocument.Parse(QuantizedConfig.Of(ConfigJson.Large, format, ModelFamily.Hunyuan));
        ModelConfig config = ModelConfig.Parse(written.RootElement, "config.json");
        WeightTypes types = WeightTypes.Of(config, ComputeMode.Bf16, null);
        Assert.Equal((asked.Name, (QuantFormat?)format), (types.Name, types.Format));
        foreach (string module in new[] { "lm_head", "model.layers.7.self_attn.k_proj", "model.layers.0.self_attn.qkv_proj", "model.layers.9.mlp.shared_mlp.up_proj", "model.layers.9.mlp.experts.2.gate_and_up_proj", "model.layers.9.mlp.gate.wg" })
        {
            Assert.Equal(asked.TypeOf(module), types.TypeOf(module));
        }
    }

    [Theory]
    [InlineData("lm_head", LinearRole.Head)]
    [InlineData("model.layers.0.self_attn.q_proj", LinearRole.Attention)]
    [InlineData("model.layers.0.self_attn.qkv_proj", LinearRole.Attention)]
    [InlineData("model.layers.12.mlp.experts.3.down_proj", LinearRole.Mlp)]
    [InlineData("model.layers.12.mlp.up_proj", LinearRole.Mlp)]
    [InlineData("model.layers.12.mlp.gate.wg", LinearRole.None)]
    [InlineData("model.layers.0.self_attn.query_layernorm", LinearRole.None)]
    [InlineData("model.embed_tokens", LinearRole.None)]
    [InlineData("model.norm", LinearRole.None)]
    public void Roles_follow_names(string module, LinearRole role) => Assert.Equal(role, LinearRoles.Of(module));

    private static ModelConfig Parse(string quantization) => ConfigJson.Parse(ConfigJson.Large, ("quantization_config", quantization));
}
