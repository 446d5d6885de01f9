using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Configuration;

public sealed class ModelConfigTests
{
    [Fact]
    public void Hunyuan_large_reads_as_published()
    {
        ModelConfig config = ConfigJson.Parse(ConfigJson.Large);
        Assert.Equal(ModelFamily.Hunyuan, config.Family);
        Assert.Equal((64, 6400, 80, 8, 80), (config.Layers, config.HiddenSize, config.Heads, config.KvHeads, config.HeadDim));
        Assert.Equal((10, 2, 32), (config.QueryGroup, config.ClaFactor, config.KvGroups));
        Assert.Equal((18304, 1, 1, 18304), (config.IntermediateSize(3), config.TopK(3), config.SharedExperts(3), config.SharedIntermediateSize(3)));
        Assert.True(config.IsSelfLayer(2) && !config.IsSelfLayer(3) && config.IsMoeLayer(0) && config.UseQkNorm && config.TieWordEmbeddings);
        Assert.Equal(new RopeSettings(RopeScaling.Alpha, 10000, 1, 1000, 131072), config.Rope);
        Assert.Equal(1e-5f, config.RmsNormEps);
        Assert.Equal([127960], config.EosTokenIds);
    }

    [Fact]
    public void Hunyuan_large_has_389_billion_parameters_52_active()
    {
        ParameterCount count = ConfigJson.Parse(ConfigJson.Large).ParameterCount;
        Assert.InRange(count.Total, 388_500_000_000, 389_500_000_000);
        Assert.InRange(count.Active, 51_000_000_000, 52_500_000_000);
    }

    [Fact]
    public void A13b_has_80_billion_parameters_13_active()
    {
        ModelConfig config = ConfigJson.Parse(ConfigJson.A13B);
        Assert.InRange(config.ParameterCount.Total, 79_500_000_000, 81_000_000_000);
        Assert.InRange(config.ParameterCount.Active, 12_500_000_000, 13_500_000_000);
        Assert.Equal((ModelFamily.HunyuanV1Moe, 8, 64, 1), (config.Family, config.TopK(31), config.Experts, config.ClaFactor));
    }

    [Theory]
    [InlineData("tiny-cla", 2, 16, true)]
    [InlineData("tiny-top8-nocla", 1, 8, true)]
    [InlineData("tiny-noqknorm", 2, 4, false)]
    [InlineData("tiny-share4", 4, 4, true)]
    [InlineData("tiny-dense", 1, 1, true)]
    public void Golden_models_read(string name, int cla, int experts, bool qkNorm)
    {
        ModelConfig config = ModelConfig.Load(TestPaths.Model(name));
        Assert.Equal((cla, experts, qkNorm), (config.ClaFactor, config.Experts, config.UseQkNorm));

        // 2 is from config.json, the others are from generation_config.json.
        Assert.Equal([2, 509, 510], config.EosTokenIds);
    }

    [Fact]
    public void Share_factor_is_ignored_without_cla() =>
        Assert.Equal(1, ConfigJson.Parse(ConfigJson.Large, ("use_cla", "false"), ("cla_share_factor", "5")).ClaFactor);

    [Theory]
    [InlineData("1")]
    [InlineData(null)]
    public void One_or_no_expert_is_a_plain_mlp(string? experts)
    {
        ModelConfig config = ConfigJson.Parse(ConfigJson.Large, ("num_experts", experts), ("moe_topk", "1"), ("num_shared_expert", "2"));
        Assert.False(config.HasExperts);
        Assert.Equal((0, 0, 0), (config.TopK(0), config.SharedExperts(0), config.SharedIntermediateSize(0)));
        Assert.Equal(config.ParameterCount.Total, config.ParameterCount.Active);
    }

    [Fact]
    public void Lists_give_each_layer_its_value()
    {
        ModelConfig config = ConfigJson.Parse(
            ConfigJson.Large,
            ("num_hidden_layers", "4"),
            ("intermediate_size", "[10, 20, 30, 40]"),
            ("moe_topk", "[1, 2, 3, 4]"),
            ("num_shared_expert", "[1, 2, 1, 2]"));
        Assert.Equal((40, 4, 2, 80), (config.IntermediateSize(3), config.TopK(3), config.SharedExperts(3), config.SharedIntermediateSize(3)));
        Assert.Equal((10, 1, 1, 10), (config.IntermediateSize(0), config.TopK(0), config.SharedExperts(0), config.SharedIntermediateSize(0)));
    }

    [Fact]
    public void Experts_take_moe_intermediate_size_and_skipped_layers_intermediate_size()
    {
        ModelConfig config = ConfigJson.Parse(ConfigJson.Large, ("moe_intermediate_size", "512"), ("moe_layer_num_skipped", "2"));
        Assert.Equal((18304, false), (config.IntermediateSize(1), config.IsMoeLayer(1)));
        Assert.Equal((512, true), (config.IntermediateSize(2), config.IsMoeLayer(2)));
    }

    [Theory]
    [InlineData("head_dim")]
    [InlineData("attention_head_dim")]
    public void Head_width_may_be_given(string field) =>
        Assert.Equal(128, ConfigJson.Parse(ConfigJson.Large, (field, "128"), ("hidden_size", "1537")).HeadDim);

    [Fact]
    public void Fields_the_v1_port_leaves_out_take_its_values()
    {
        ModelConfig config = ConfigJson.Parse(
            ConfigJson.A13B, ("use_qk_norm", null), ("use_mixed_mlp_moe", null), ("num_shared_expert", null), ("num_key_value_heads", null));
        Assert.True(config.UseQkNorm);
        Assert.Equal((1, 32), (config.SharedExperts(0), config.KvHeads));
        ModelConfig large = ConfigJson.Parse(ConfigJson.Large, ("use_qk_norm", null), ("use_mixed_mlp_moe", null));
        Assert.False(large.UseQkNorm);
        Assert.Equal(0, large.SharedExperts(0));
    }

    [Theory]
    [InlineData("null", RopeScaling.None, 10000, 1, 0)]
    [InlineData("""{"type": "default"}""", RopeScaling.None, 10000, 1, 0)]
    [InlineData("""{"type": "linear", "factor": 4.0}""", RopeScaling.Linear, 10000, 4, 0)]
    [InlineData("""{"type": "dynamic", "factor": 2.0}""", RopeScaling.Dynamic, 10000, 2, 0)]
    [InlineData("""{"type": "dynamic", "factor": 2.0, "alpha": 0}""", RopeScaling.Dynamic, 10000, 2, 0)]
    [InlineData("""{"type": "dynamic", "alpha": 50.0}""", RopeScaling.Alpha, 10000, 1, 50)]
    public void Rope_scalings_read(string json, RopeScaling scaling, double theta, double factor, double alpha) => Assert.Equal(
        new RopeSettings(scaling, theta, factor, alpha, 131072), ConfigJson.Parse(ConfigJson.Large, ("rope_scaling", json)).Rope);

    [Fact]
    public void Newer_rope_parameters_read() => Assert.Equal(
        new RopeSettings(RopeScaling.Alpha, 50000, 1, 1000, 131072),
        ConfigJson.Parse(
            ConfigJson.Large,
            ("rope_scaling", null),
            ("rope_theta", null),
            ("rope_parameters", """{"rope_type": "dynamic", "rope_theta": 50000.0, "alpha": 1000.0, "factor": 1.0}""")).Rope);
}
