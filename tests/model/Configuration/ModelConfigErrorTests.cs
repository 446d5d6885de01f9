using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Configuration;

/// <summary>Every invalid field gives one message with file, field, value and what is allowed.</summary>
public sealed class ModelConfigErrorTests
{
    [Theory]
    [InlineData("model_type", "\"llama\"", "\"llama\"", "\"hunyuan_v1_moe\"")]
    [InlineData("model_type", null, "missing", "\"hunyuan_v1_dense\"")]
    [InlineData("model_type", "7", "7", "a string")]
    [InlineData("num_hidden_layers", "0", "0", "from 1 to")]
    [InlineData("num_hidden_layers", null, "missing", "a whole number from 1")]
    [InlineData("num_hidden_layers", "-3", "-3", "from 1 to")]
    [InlineData("num_hidden_layers", "1000000000000", "1000000000000", "from 1 to")]
    [InlineData("num_hidden_layers", "\"64\"", "\"64\"", "a whole number")]
    [InlineData("hidden_size", "6400.5", "6400.5", "a whole number")]
    [InlineData("hidden_size", "6401", "6401", "a multiple of num_attention_heads = 80")]
    [InlineData("hidden_size", "80", "heads of 1", "an even head width")]
    [InlineData("head_dim", "15", "15", "an even head width")]
    [InlineData("head_dim", "0", "0", "from 2 to")]
    [InlineData("num_key_value_heads", "7", "7", "a divisor of num_attention_heads = 80")]
    [InlineData("vocab_size", "0", "0", "from 1 to")]
    [InlineData("max_position_embeddings", "[1]", "[1]", "a whole number")]
    [InlineData("intermediate_size", "[1, 2, 3]", "3 entries", "one entry per layer (num_hidden_layers = 64)")]
    [InlineData("intermediate_size", "[]", "0 entries", "one entry per layer")]
    [InlineData("intermediate_size", null, "missing", "a list of them")]
    [InlineData("moe_topk", "17", "17", "1 to num_experts = 16")]
    [InlineData("moe_topk", "0", "0", "from 1 to")]
    [InlineData("moe_topk", "true", "true", "a whole number")]
    [InlineData("num_shared_expert", "[1, 2]", "2 entries", "one entry per layer")]
    [InlineData("moe_intermediate_size", "[-1]", "-1", "from 1 to")]
    [InlineData("num_experts", "-1", "-1", "from 1 to")]
    [InlineData("num_experts", "[16, 8]", "[16, 8]", "all equal")]
    [InlineData("num_experts", "[]", "[]", "all equal")]
    [InlineData("cla_share_factor", "65", "65", "from 1 to 64")]
    [InlineData("cla_share_factor", "0", "0", "from 1 to")]
    [InlineData("use_cla", "1", "1", "true or false")]
    [InlineData("use_qk_norm", "\"yes\"", "\"yes\"", "true or false")]
    [InlineData("attention_bias", "{}", "{}", "true or false")]
    [InlineData("rms_norm_eps", "0", "0", "a number from")]
    [InlineData("rms_norm_eps", "\"1e-5\"", "1e-5", "a number from")]
    [InlineData("rope_theta", "-1", "-1", "a number from")]
    [InlineData("rope_theta", "1e999", "1e999", "a number from")]
    [InlineData("rope_scaling", "[]", "[]", "a JSON object")]
    [InlineData("rope_scaling", "{}", "missing", "\"dynamic\"")]
    [InlineData("rope_scaling", "{\"type\": \"yarn\", \"factor\": 2}", "\"yarn\"", "\"linear\"")]
    [InlineData("rope_scaling", "{\"type\": \"linear\"}", "missing", "a number from 1")]
    [InlineData("rope_scaling", "{\"type\": \"linear\", \"factor\": 0}", "0", "a number from 1")]
    [InlineData("rope_scaling", "{\"type\": \"dynamic\"}", "missing", "factor")]
    [InlineData("rope_scaling", "{\"type\": \"dynamic\", \"alpha\": -5}", "-5", "a number from 0")]
    [InlineData("hidden_act", "\"gelu\"", "\"gelu\"", "\"silu\"")]
    [InlineData("use_mla", "true", "true", "false or absent")]
    [InlineData("norm_topk_prob", "false", "false", "true or absent")]
    [InlineData("routed_scaling_factor", "2.5", "2.5", "1 or absent")]
    [InlineData("eos_token_id", "128512", "128512", "from 0 to 128511")]
    [InlineData("eos_token_id", "[1, \"a\"]", "\"a\"", "from 0 to 128511")]
    [InlineData("quantization_config", "\"fp8\"", "\"fp8\"", "a JSON object")]
    public void Wrong_field(string field, string? value, string shown, string allowed, string? blamed = null)
    {
        ModelException e = Assert.Throws<ModelException>(() => ConfigJson.Parse(ConfigJson.Large, (field, value)));
        Assert.StartsWith("config.json: ", e.Message);
        Assert.Contains($"\"{blamed ?? field}", e.Message, StringComparison.Ordinal);
        Assert.Contains(shown, e.Message, StringComparison.Ordinal);
        Assert.Contains("allowed: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(allowed, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_different_head_widths()
    {
        ModelException e = Assert.Throws<ModelException>(() => ConfigJson.Parse(ConfigJson.Large, ("head_dim", "80"), ("attention_head_dim", "64")));
        Assert.Contains("\"attention_head_dim\" is 64; allowed: the same value as head_dim = 80", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dense_family_has_no_experts()
    {
        ModelException e = Assert.Throws<ModelException>(() => ConfigJson.Parse(ConfigJson.Large, ("model_type", "\"hunyuan_v1_dense\"")));
        Assert.Contains("\"num_experts\" is 16; allowed: 1 or absent", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"model_type\": \"hunyuan\"", "not valid JSON")]
    [InlineData("{\"a\": 1, \"a\": 2}", "not valid JSON")]
    [InlineData("[]", "a JSON object")]
    [InlineData("", "not valid JSON")]
    public void Broken_files(string text, string expected)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("config.json"), text);
        ModelException e = Assert.Throws<ModelException>(() => Model.Configuration.ModelConfig.Load(folder.Root));
        Assert.StartsWith(folder.File("config.json"), e.Message);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_file_and_folder()
    {
        using var folder = new TempFolder();
        ModelException file = Assert.Throws<ModelException>(() => Model.Configuration.ModelConfig.Load(folder.Root));
        Assert.Contains("config.json: there is no such file", file.Message, StringComparison.Ordinal);
        ModelException none = Assert.Throws<ModelException>(() => Model.Configuration.ModelConfig.Load(folder.File("absent")));
        Assert.Contains("there is no such folder", none.Message, StringComparison.Ordinal);
    }
}
