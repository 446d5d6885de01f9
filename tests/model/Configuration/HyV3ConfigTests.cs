using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Configuration;

/// <summary>Configs of models of type hy_v3.</summary>
public sealed class HyV3ConfigTests
{
    private static readonly string Hy3 = File.ReadAllText(Path.Combine(TestPaths.Data, "configs", "hy3.json"));

    [Fact]
    public void Hy3_reads_as_published()
    {
        ModelConfig config = ConfigJson.Parse(Hy3);
        Assert.Equal((ModelFamily.HyV3, 80, 4096, 64, 8, 128), (config.Family, config.Layers, config.HiddenSize, config.Heads, config.KvHeads, config.HeadDim));
        Assert.Equal((8192, 192, 8, 1), (config.QuerySize, config.Experts, config.TopK(1), config.SharedExperts(1)));
        Assert.Equal((13312, 0, 1536, 1536), (config.IntermediateSize(0), config.TopK(0), config.IntermediateSize(1), config.SharedIntermediateSize(79)));
        Assert.True(!config.IsMoeLayer(0) && config.IsMoeLayer(1) && config.NormsBeforeRotary);
        Assert.Equal(new SigmoidRouterSettings(HasBias: true, Normalises: true, 2.826f), config.SigmoidRouter);
        Assert.Equal(new RopeSettings(RopeScaling.None, 11158840, 1, 0, 262144), config.Rope);
        Assert.Equal(1, config.PredictLayers);
        Assert.InRange(config.ParameterCount.Total, 294_500_000_000, 295_500_000_000);
        Assert.InRange(config.ParameterCount.Active, 20_500_000_000, 21_500_000_000);
    }

    [Fact]
    public void Hy_mt2_has_30_billion_parameters_3_active()
    {
        ParameterCount count = ConfigJson.Parse(File.ReadAllText(Path.Combine(TestPaths.Data, "configs", "hy-mt2-30b.json"))).ParameterCount;
        Assert.InRange(count.Total, 29_500_000_000, 30_500_000_000);
        Assert.InRange(count.Active, 2_900_000_000, 3_500_000_000);
    }

    [Theory]
    [InlineData("tiny-hy3", 495_344)]
    [InlineData("tiny-hy3-outer", 470_064)]
    [InlineData("tiny-hy3-fp32", 415_696)]
    public void Parameters_are_counted_without_the_layers_that_predict(string name, long total) =>
        Assert.Equal(total, ModelConfig.Load(TestPaths.Model(name)).ParameterCount.Total);

    [Fact]
    public void Missing_fields_take_the_published_values()
    {
        ModelConfig config = ConfigJson.Parse(
            Hy3, ("head_dim", null), ("first_k_dense_replace", null), ("rope_parameters", null), ("router_scaling_factor", null), ("num_shared_experts", null),
            ("qk_norm", null), ("expert_hidden_dim", null), ("num_nextn_predict_layers", null));
        Assert.Equal((128, 1, 11158840.0, 2.826f, 1, 0), (config.HeadDim, config.FirstMoeLayer, config.Rope.Theta, config.SigmoidRouter!.Scale, config.SharedExperts(1), config.PredictLayers));
        Assert.True(config.UseQkNorm);
        Assert.Equal(10000, ConfigJson.Parse(Hy3, ("rope_parameters", null), ("rope_theta", "10000")).Rope.Theta);
        Assert.Equal(192, ConfigJson.Parse(Hy3, ("num_experts", null), ("num_local_experts", "192")).Experts);
        Assert.Equal(1536, ConfigJson.Parse(Hy3, ("moe_intermediate_size", null)).IntermediateSize(1));
    }

    [Fact]
    public void A_list_of_layer_types_gives_the_dense_layers()
    {
        (string, string?)[] four = [("num_hidden_layers", "4"), ("first_k_dense_replace", null)];
        Assert.Equal(2, ConfigJson.Parse(Hy3, [.. four, ("mlp_layer_types", """["dense", "dense", "sparse", "sparse"]""")]).FirstMoeLayer);
        Assert.Equal(0, ConfigJson.Parse(Hy3, [.. four, ("mlp_layer_types", """["sparse", "sparse", "sparse", "sparse"]""")]).FirstMoeLayer);
    }

    [Theory]
    [InlineData("num_experts", "1", "from 2 to")]
    [InlineData("num_experts_per_tok", "193", "1 to num_experts = 192")]
    [InlineData("num_experts_per_tok", null, "a whole number from 1")]
    [InlineData("expert_hidden_dim", "1024", "the same value as moe_intermediate_size = 1536")]
    [InlineData("num_local_experts", "64", "the same value as num_experts = 192")]
    [InlineData("first_k_dense_replace", "81", "from 0 to 80")]
    [InlineData("head_dim", "63", "an even head width")]
    [InlineData("num_key_value_heads", "7", "a divisor of num_attention_heads = 64")]
    [InlineData("moe_router_use_sigmoid", "false", "true or absent")]
    [InlineData("router_scaling_factor", "-1", "a number from 0")]
    [InlineData("route_norm", "1", "true or false")]
    [InlineData("rope_parameters", """{"rope_type": "linear", "factor": 2, "rope_theta": 10000}""", "rope_type \"default\"")]
    [InlineData("mlp_layer_types", """["dense", "sparse"]""", "one entry per layer")]
    [InlineData("num_nextn_predict_layers", "-1", "from 0 to")]
    [InlineData("hidden_act", "\"gelu\"", "\"silu\"")]
    public void Wrong_field(string field, string? value, string allowed)
    {
        ModelException e = Assert.Throws<ModelException>(() => ConfigJson.Parse(Hy3, (field, value)));
        Assert.StartsWith("config.json: ", e.Message);
        Assert.Contains($"\"{field}\"", e.Message, StringComparison.Ordinal);
        Assert.Contains("allowed: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(allowed, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Generation_defaults_are_those_of_hy3()
    {
        GenerationDefaults stated = GenerationDefaults.Load(TestPaths.Model("tiny-hy3"));
        Assert.Equal((0.9, 1.0, 0, 1.0, true), (stated.Temperature, stated.TopP, stated.TopK, stated.RepetitionPenalty, stated.DoSample));
        using TempFolder folder = new();
        folder.Write("config.json", Hy3);
        Assert.Same(GenerationDefaults.PublishedHyV3, GenerationDefaults.Load(folder.Root));
    }
}
