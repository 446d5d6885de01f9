using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Quantization;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Placement;

/// <summary>New plans, without a previous plan.</summary>
public sealed class PartitionPlanTests
{
    private static readonly PlanOptions Standard = new();

    [Theory]
    [InlineData("hunyuan-large", 16, "h20", ComputeMode.Bf16, QuantFormat.None)]
    [InlineData("hunyuan-large", 8, "h20", ComputeMode.Bf16, QuantFormat.Int8)]
    [InlineData("hunyuan-large", 8, "h20", ComputeMode.Bf16, QuantFormat.Fp8)]
    [InlineData("hunyuan-large", 4, "h20", ComputeMode.Bf16, QuantFormat.Int4)]
    [InlineData("hunyuan-large", 8, "h200", ComputeMode.Bf16, QuantFormat.None)]
    [InlineData("hunyuan-large", 5, "cpu", ComputeMode.F32, QuantFormat.None)]
    [InlineData("a13b", 3, "h100", ComputeMode.Bf16, QuantFormat.None)]
    public void Published_models_are_balanced_over_their_silos(string model, int silos, string device, ComputeMode mode, QuantFormat quant)
    {
        ModelConfig config = PlanCases.Published(model);
        PlanOptions options = new() { Mode = mode, Quant = quant };
        SiloCapacity[] all = [.. Enumerable.Range(0, silos).Select(i => SiloCapacity.FromDevice($"s{i:00}", DeviceCatalog.Get(device)))];
        PartitionPlan plan = PartitionPlan.Create(config, all, options);
        PlanCases.Check(plan, config, options);

        // Equal silos have nearly equal work without lm_head, and every shard has K/V memory for the model's context.
        double head = new WeightSizes(config, WeightTypes.Of(config, mode, quant)).Head;
        double[] work = [.. plan.Silos.Select(s => s.TouchedBytesPerToken - (s.HoldsHead ? head : 0))];
        Assert.InRange(work.Max(), work.Min(), 1.2 * work.Min());
        Assert.InRange(plan.KvTokens, config.MaxPositions, long.MaxValue);
    }

    [Fact]
    public void The_bytes_of_a_published_model_are_its_parameters()
    {
        ModelConfig config = PlanCases.Published("hunyuan-large");
        long total = config.ParameterCount.Total;
        long tied = (long)config.VocabSize * config.HiddenSize * 2;
        Assert.InRange(PlanCases.Bytes(config) - tied, 2 * total, 2 * total * 1.001);
        Assert.InRange(PlanCases.Bytes(config, quant: QuantFormat.Fp8) - (2 * tied), total - tied, total * 1.001);
        Assert.Equal(81920, PartitionPlan.Create(config, PlanCases.Alike(1, 1L << 50)).KvBytesPerToken);
        PlanOptions fp8 = new() { Kv = KvFormat.Fp8 };
        Assert.Equal(41984, PartitionPlan.Create(config, PlanCases.Alike(1, 1L << 50), fp8).KvBytesPerToken);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(40)]
    [InlineData(300)]
    public void Any_number_of_silos_can_be_used_even_more_than_experts(int silos)
    {
        ModelConfig config = PlanCases.Small();
        PartitionPlan plan = PartitionPlan.Create(config, PlanCases.Alike(silos, 1 << 26));
        PlanCases.Check(plan, config, Standard);
        Assert.Equal(silos, plan.Silos.Count);
        Assert.True(plan.Silos.Count(s => s.WeightBytes > 0) >= Math.Min(silos, config.KvGroups));
    }

    [Fact]
    public void A_dense_model_is_placed_by_layers()
    {
        ModelConfig config = PlanCases.Small(experts: 1, cla: 1);
        PartitionPlan plan = PartitionPlan.Create(config, PlanCases.Alike(3, 1 << 26));
        PlanCases.Check(plan, config, Standard);
        Assert.All(plan.Silos, s => Assert.Equal(4, Assert.Single(s.Attention).Layers));
    }

    [Fact]
    public void Work_follows_bandwidth_where_memory_allows()
    {
        ModelConfig config = PlanCases.Published("hunyuan-large");
        SiloCapacity[] silos =
        [
            PlanCases.Silo("a", 2_000_000_000_000, 4e12), PlanCases.Silo("b", 2_000_000_000_000, 2e12), PlanCases.Silo("c", 2_000_000_000_000, 1e12),
        ];
        PartitionPlan plan = PartitionPlan.Create(config, silos);
        PlanCases.Check(plan, config, Standard);
        double level = plan.Silos.Sum(s => s.TouchedBytesPerToken) / 7e12;
        Assert.All(plan.Silos, s => Assert.InRange(s.TouchedBytesPerToken / s.Silo.MemoryBandwidth, 0.8 * level, 1.2 * level));
    }

    [Fact]
    public void A_small_fast_silo_takes_what_every_token_reads_and_a_large_slow_one_the_experts()
    {
        ModelConfig config = PlanCases.Published("hunyuan-large");
        PartitionPlan plan = PartitionPlan.Create(config, [PlanCases.Silo("fast", 141_000_000_000, 4.8e12), PlanCases.Silo("slow", 1_000_000_000_000, 4e11)]);
        PlanCases.Check(plan, config, Standard);
        Assert.True(plan.Silos[0].Attention.Sum(r => r.Layers) > 50);
        Assert.True(plan.Silos[1].Experts.Sum(plan.ExpertBytes) > 0.8 * 720e9);
    }

    [Fact]
    public void Roles_are_respected()
    {
        ModelConfig config = PlanCases.Small();
        SiloCapacity[] silos =
        [
            PlanCases.Silo("a", 1 << 26, role: SiloRole.Attention), PlanCases.Silo("b", 1 << 26, role: SiloRole.Experts),
            PlanCases.Silo("c", 1 << 26, role: SiloRole.Experts), PlanCases.Silo("d", 1 << 26, role: SiloRole.Gateway),
        ];
        PartitionPlan plan = PartitionPlan.Create(config, silos);
        PlanCases.Check(plan, config, Standard);
        Assert.Equal(new LayerRange(0, 11), Assert.Single(plan.Silos[0].Attention));
        Assert.NotEmpty(plan.Silos[1].Experts);
        Assert.NotEmpty(plan.Silos[2].Experts);
        Assert.Equal(0, plan.Silos[3].WeightBytes);
    }

    [Fact]
    public void Neighbouring_layers_go_to_one_zone()
    {
        SiloCapacity[] silos = [.. PlanCases.Alike(4, 1 << 26).Select((s, i) => s with { Zone = i % 2 == 0 ? "east" : "west" })];
        PartitionPlan plan = PartitionPlan.Create(PlanCases.Small(layers: 8), silos);
        string[] zones = [.. Enumerable.Range(0, 8).Select(layer => silos.Single(s => s.Name == plan.AttentionSilo(layer)).Zone)];
        Assert.Equal(1, zones.Zip(zones.Skip(1)).Count(pair => pair.First != pair.Second));
    }

    [Fact]
    public void Invalid_silos_are_rejected_by_name()
    {
        ModelConfig config = PlanCases.Small();
        SiloCapacity good = PlanCases.Silo("good", 1 << 26);
        Throws("no silo");
        Throws("Two silos are named good", good, good);
        Throws("MemoryBandwidth is 0", good with { MemoryBandwidth = 0 });
        Throws("MemoryBytes is -1", good with { MemoryBytes = -1 });
        Throws("NetworkLatency is NaN", good with { NetworkLatency = double.NaN });
        Throws("no name", good with { Name = " " });
        Assert.Contains("h9000", Assert.Throws<ModelException>(() => DeviceCatalog.Get("h9000")).Message, StringComparison.Ordinal);

        void Throws(string part, params SiloCapacity[] silos) =>
            Assert.Contains(part, Assert.Throws<ModelException>(() => PartitionPlan.Create(config, silos)).Message, StringComparison.Ordinal);
    }
}
