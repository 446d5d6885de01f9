using System.Text.Json.Nodes;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Adapters;

/// <summary>What an adapter's folder says is used, or refused by name before anything is loaded.</summary>
public sealed class LoraFolderTests
{
    [Theory]
    [InlineData("tiny-cla-all-rslora", 216)]
    [InlineData("tiny-cla-qkvo", 12)]
    [InlineData("tiny-dense-all-rslora", 21)]
    [InlineData("tiny-dense-qkvo", 12)]
    public void Published_adapters_have_their_modules_and_scale(string name, int modules)
    {
        GoldenAdapter golden = GoldenAdapter.Load(name);
        using AdapterFolder folder = new(name);
        using LoraFolder opened = LoraFolder.Open(folder.Root, folder.Model);
        Assert.Equal(modules, opened.Modules.Count);
        Assert.All(opened.Modules, module => Assert.Equal(golden.Scale, module.Scale, 1e-4f));
    }

    [Fact]
    public void A_bin_file_gives_the_same_adapter()
    {
        using AdapterFolder folder = new("tiny-cla-all-rslora");
        using LoraFolder safe = LoraFolder.Open(folder.Root, folder.Model);
        using LoraAdapter expected = LoraAdapter.Load(safe, folder.Model);
        folder.ToPyTorch();
        using LoraFolder bin = LoraFolder.Open(folder.Root, folder.Model);
        using LoraAdapter actual = LoraAdapter.Load(bin, folder.Model);
        Assert.EndsWith("adapter_model.bin", bin.Modules[0].A.File, StringComparison.Ordinal);
        Assert.Equal(expected.Digest, actual.Digest);
        Assert.Equal(expected.Bytes, actual.Bytes);
    }

    [Fact]
    public void Digests_depend_on_scale_and_content()
    {
        using AdapterFolder folder = new("tiny-dense-qkvo");
        string Digest()
        {
            using LoraFolder opened = LoraFolder.Open(folder.Root, folder.Model);
            using LoraAdapter adapter = LoraAdapter.Load(opened, folder.Model);
            return adapter.Digest;
        }

        string first = Digest();
        Assert.Equal(first, Digest());
        folder.Configure(static json => json["lora_alpha"] = 9);
        Assert.NotEqual(first, Digest());
    }

    [Fact]
    public void Patterns_set_rank_and_alpha_of_modules_whose_names_match()
    {
        using AdapterFolder folder = new("tiny-cla-qkvo");
        folder.Configure(static json =>
        {
            json["alpha_pattern"] = new JsonObject { ["q_proj"] = 20, [@"layers\.0\.self_attn\.v_proj"] = 2 };
            json["rank_pattern"] = new JsonObject { ["model.layers.0.self_attn.k_proj"] = 2 };
        }).Rewrite(static (name, shape) => name.Contains("layers.0.self_attn.k_proj", StringComparison.Ordinal)
            ? (name, [.. shape.Select(static size => size == 4 ? 2 : size)], StoredType.F32)
            : (name, shape, StoredType.F32));
        using LoraFolder opened = LoraFolder.Open(folder.Root, folder.Model);
        float Scale(string module) => opened.Modules.Single(found => found.Place.Name == $"model.layers.{module}").Scale;
        Assert.Equal(5f, Scale("3.self_attn.q_proj"));
        Assert.Equal(0.5f, Scale("0.self_attn.v_proj"));
        Assert.Equal(2f, Scale("2.self_attn.v_proj"));
        Assert.Equal(4f, Scale("0.self_attn.k_proj"));
        Assert.Equal(2f, Scale("2.self_attn.k_proj"));
    }

    [Theory]
    [InlineData("peft_type", "\"IA3\"")]
    [InlineData("use_dora", "true")]
    [InlineData("modules_to_save", "[\"lm_head\"]")]
    [InlineData("bias", "\"all\"")]
    [InlineData("lora_bias", "true")]
    [InlineData("fan_in_fan_out", "true")]
    [InlineData("layer_replication", "[[0,2]]")]
    [InlineData("megatron_config", "{\"a\":1}")]
    [InlineData("target_parameters", "[\"experts.w\"]")]
    [InlineData("trainable_token_indices", "[1]")]
    [InlineData("loftq_config", "{\"loftq_bits\":4}")]
    [InlineData("init_lora_weights", "\"pissa\"")]
    [InlineData("some_new_feature", "true")]
    [InlineData("target_modules", "[\"q_proj\",\"embed_tokens\"]")]
    [InlineData("target_modules", "[]")]
    [InlineData("target_modules", "7")]
    [InlineData("r", "0")]
    [InlineData("r", "100000")]
    [InlineData("lora_alpha", "\"8\"")]
    [InlineData("use_rslora", "\"yes\"")]
    [InlineData("rank_pattern", "{\"q_proj\":0}")]
    [InlineData("rank_pattern", "[1]")]
    [InlineData("alpha_pattern", "{\"(\":1}")]
    [InlineData("alpha_pattern", "{\"(a)\\\\1\":1}")]
    public void Settings_that_are_not_supported_are_refused_by_name(string field, string value)
    {
        using AdapterFolder folder = new("tiny-dense-qkvo");
        folder.Configure(json => json[field] = JsonNode.Parse(value)).Refused("adapter_config.json", field, "allowed: ");
    }

    [Theory]
    [InlineData("eva_config", "{\"rho\":2}")]
    [InlineData("lora_dropout", "0.3")]
    [InlineData("layers_to_transform", "[0,1]")]
    [InlineData("init_lora_weights", "\"gaussian\"")]
    [InlineData("target_modules", "\".*_proj\"")]
    [InlineData("some_new_feature", "null")]
    [InlineData("some_new_list", "[]")]
    public void Settings_that_change_nothing_are_read_over(string field, string value)
    {
        using AdapterFolder folder = new("tiny-dense-qkvo");
        folder.Configure(json => json[field] = JsonNode.Parse(value));
        using LoraFolder opened = LoraFolder.Open(folder.Root, folder.Model);
        Assert.Equal(12, opened.Modules.Count);
    }

    [Fact]
    public void Cross_layers_have_no_keys_and_values_to_adapt()
    {
        using AdapterFolder folder = new("tiny-cla-qkvo");
        folder.Rewrite(static (name, shape) => (name.Replace("layers.0.self_attn.k_proj", "layers.1.self_attn.k_proj", StringComparison.Ordinal), shape, StoredType.F32))
            .Refused("layers.1.self_attn.k_proj", "layer 1 takes keys and values from layer 0");
    }

    [Theory]
    [InlineData("q_proj.lora_A.weight", "q_proj.lora_magnitude_vector", "lora_magnitude_vector\" is not supported")]
    [InlineData("q_proj.lora_A", "qkv_proj.lora_A", "qkv_proj.lora_A.weight\" adapts a module that cannot be adapted")]
    [InlineData("base_model.model.", "", "is not supported; allowed: base_model.model.")]
    public void Tensors_that_belong_to_no_module_are_refused_by_name(string part, string replacement, string expected)
    {
        using AdapterFolder folder = new("tiny-dense-qkvo");
        folder.Rewrite((name, shape) => (name.Replace(part, replacement, StringComparison.Ordinal), shape, StoredType.F32)).Refused(expected);
    }

    [Fact]
    public void Wrong_shapes_and_types_and_missing_tensors_are_refused()
    {
        using AdapterFolder shape = new("tiny-dense-qkvo");
        shape.Rewrite(static (name, size) => (name, name.Contains("layers.0.self_attn.q_proj.lora_A", StringComparison.Ordinal) ? [size[0], size[1] - 1] : size, StoredType.F32))
            .Refused("layers.0.self_attn.q_proj.lora_A.weight", "has shape [4, ", "allowed: [4, ");
        using AdapterFolder type = new("tiny-dense-qkvo");
        type.Rewrite(static (name, size) => (name, size, StoredType.I32)).Refused("is stored as I32; allowed: F32, BF16, F16");
        using AdapterFolder half = new("tiny-dense-qkvo");
        half.Rewrite(static (name, size) => name.Contains("layers.1.self_attn.o_proj.lora_B", StringComparison.Ordinal) ? null : (name, size, StoredType.F32))
            .Refused("model.layers.1.self_attn.o_proj", "has no lora_B");
        using AdapterFolder target = new("tiny-dense-qkvo");
        target.Rewrite(static (name, size) => name.Contains("o_proj", StringComparison.Ordinal) ? null : (name, size, StoredType.F32)).Refused("no tensor belongs to \"o_proj\"");
        using AdapterFolder unlisted = new("tiny-dense-qkvo");
        unlisted.Configure(static json => json["target_modules"] = new JsonArray("q_proj", "k_proj", "v_proj")).Refused("o_proj", "does not list it");
        using AdapterFolder empty = new("tiny-dense-qkvo");
        empty.Rewrite(static (_, _) => null).Refused("has no tensors");
    }

    [Fact]
    public void Missing_files_and_other_models_are_refused()
    {
        using AdapterFolder folder = new("tiny-dense-qkvo");
        ModelConfig other = ModelConfig.Load(TestPaths.Model("tiny-cla"));
        Assert.Contains("allowed: ", Assert.Throws<ModelException>(() => LoraFolder.Open(folder.Root, other)).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(folder.Root, "adapter_model.safetensors"));
        folder.Refused("adapter_model.safetensors or adapter_model.bin");
        File.Delete(Path.Combine(folder.Root, "adapter_config.json"));
        folder.Refused("adapter_config.json: there is no such file");
        Assert.Contains("no such folder", Assert.Throws<ModelException>(() => LoraFolder.Open(folder.Root + "-none", folder.Model)).Message, StringComparison.Ordinal);
    }
}
