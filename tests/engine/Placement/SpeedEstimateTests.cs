using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Placement;

/// <summary>Checks predictions against explicit sums and enumerated choices.</summary>
public sealed class SpeedEstimateTests
{
    [Theory]
    [InlineData("hunyuan-large")]
    [InlineData("a13b")]
    public void One_silo_reads_what_a_token_touches(string model)
    {
        ModelConfig config = PlanCases.Published(model);
        PartitionPlan plan = PartitionPlan.Create(config, PlanCases.Alike(1, 1L << 42, 2e12));
        double bytes = 2.0 * config.ParameterCount.Active;
        Assert.InRange(plan.Predicted.DecodeTokensPerSecond, 0.995 * 2e12 / bytes, 1.005 * 2e12 / bytes);
        Assert.Equal(0, plan.Predicted.CallsPerToken);
        Assert.InRange(plan.Silos[0].TouchedBytesPerToken, 0.995 * bytes, 1.005 * bytes);
    }

    [Fact]
    public void Remote_experts_cost_a_call_and_run_in_parallel_with_the_shared_expert()
    {
        ModelConfig config = PlanCases.Published("hunyuan-large");
        WeightSizes sizes = new(config, WeightTypes.Of(config, ComputeMode.Bf16, null));
        const double Latency = 1e-3;
        SiloCapacity attention = PlanCases.Silo("a", 1L << 42, 1e12, SiloRole.Attention) with { NetworkLatency = Latency, NetworkBandwidth = 1e9 };
        SiloCapacity experts = PlanCases.Silo("b", 1L << 42, 2e12, SiloRole.Experts) with { NetworkLatency = Latency / 2, NetworkBandwidth = 2e9 };
        PartitionPlan plan = PartitionPlan.Create(config, [attention, experts]);
        double sum = sizes.Head / 1e12;
        for (int layer = 0; layer < config.Layers; layer++)
        {
            double call = Latency + (2 * 2 * 6400 / 1e9) + (sizes.Expert(layer) / 2e12);
            sum += ((sizes.Attention(layer) + sizes.Gate(layer)) / 1e12) + Math.Max(call, sizes.Shared(layer) / 1e12);
        }

        Assert.Equal(1 / sum, plan.Predicted.DecodeTokensPerSecond, 1e-9 / sum);
        Assert.Equal(config.Layers, plan.Predicted.CallsPerToken, 9);
    }

    [Fact]
    public void Arithmetic_counts_where_it_takes_longer_than_reading()
    {
        ModelConfig config = PlanCases.Published("a13b");
        SiloCapacity slow = PlanCases.Silo("a", 1L << 42) with { Operations = 1e11 };
        double seconds = 1 / PartitionPlan.Create(config, [slow]).Predicted.DecodeTokensPerSecond;
        Assert.InRange(seconds, 0.99 * 2 * config.ParameterCount.Active / 1e11, 1.01 * 2 * config.ParameterCount.Active / 1e11);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void The_slowest_silo_matches_an_enumeration_of_all_choices(int k)
    {
        double[] all = [0.5, 0.25, 0.1, 0.7, 0.4, 0.05, 0.6, 0.3];
        SiloExpertTiming[] branches = [new(all[..3], 2, 2, 1), new(all[3..7], 0, 1, 0.75), new(all[7..], 0, 1.5, 3)];
        double total = 0;
        double mean = 0;
        double reached = 0;
        for (int set = 0; set < 256; set++)
        {
            if (int.PopCount(set) != k)
            {
                continue;
            }

            double chance = 1;
            for (int e = 0; e < 8; e++)
            {
                chance *= (set >> e & 1) == 1 ? all[e] : 1 - all[e];
            }

            double[] times = [branches[0].Seconds(int.PopCount(set & 7)), branches[1].Seconds(int.PopCount(set & 0x78)), branches[2].Seconds(set >> 7)];
            total += chance;
            mean += chance * times.Max();
            reached += (set & 0x78) != 0 ? chance : 0;
        }

        SlowestSiloEstimate expectation = new(k, branches);
        Assert.Equal(mean / total, expectation.Slowest(), 12);
        Assert.Equal(reached / total, expectation.Reached(1), 12);
    }

    [Fact]
    public void Many_choices_of_many_experts_stay_finite()
    {
        double[] chances = [.. Enumerable.Repeat(0.5, 1024)];
        SlowestSiloEstimate expectation = new(1024, [new(chances, 1, 1, 1e-3), new(chances, 0, 1, 1e-3)]);
        Assert.InRange(expectation.Slowest(), 1.512, 1.6);
    }
}
