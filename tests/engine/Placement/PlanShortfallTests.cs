using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Placement;

/// <summary>Models that do not fit, and how much memory is missing.</summary>
public sealed class PlanShortfallTests
{
    [Fact]
    public void Missing_bytes_of_one_silo_are_exact()
    {
        ModelConfig config = PlanCases.Small();
        long kv = 2 * config.KvGroups * KvFormat.Bf16.BlockBytes(config);
        long needed = PlanCases.Bytes(config) + kv;
        PlanOptions options = new() { MinKvTokens = KvBlocks.Positions + 1 };
        PartitionPlan lacking = PartitionPlan.Create(config, [PlanCases.Silo("a", needed - 1)], options);
        Assert.False(lacking.Fits);
        Assert.Equal(1, lacking.MissingBytes);
        PartitionPlan enough = PartitionPlan.Create(config, [PlanCases.Silo("a", needed)], options);
        PlanCases.Check(enough, config, options);
        Assert.Equal(2 * KvBlocks.Positions, enough.KvTokens);
    }

    [Fact]
    public void A_plan_that_does_not_fit_says_what_is_missing_and_places_nothing()
    {
        ModelConfig config = PlanCases.Published("hunyuan-large");
        PartitionPlan plan = PartitionPlan.Create(config, PlanCases.Alike(8, 96_000_000_000));
        Assert.False(plan.Fits);
        Assert.InRange(plan.MissingBytes, PlanCases.Bytes(config) - 768_000_000_000, 20_000_000_000);
        DoesNotFitException e = Assert.Throws<DoesNotFitException>(plan.EnsureFits);
        Assert.Equal(plan.MissingBytes, e.MissingBytes);
        Assert.Contains(plan.MissingBytes.ToString("N0", System.Globalization.CultureInfo.InvariantCulture), e.Message, StringComparison.Ordinal);
        Assert.Throws<DoesNotFitException>(() => plan.AttentionSilo(0));
        Assert.All(plan.Silos, s => Assert.True(s.WeightBytes == 0 && s.KvTokens == 0 && s.Attention.Count == 0 && s.Experts.Count == 0));
        Assert.Equal(0, plan.Predicted.DecodeTokensPerSecond);
    }

    [Theory]
    [InlineData(SiloRole.Attention, "experts")]
    [InlineData(SiloRole.Experts, "attention")]
    [InlineData(SiloRole.Gateway, "weights")]
    public void A_part_without_a_silo_to_take_it_is_named(SiloRole role, string part)
    {
        PartitionPlan plan = PartitionPlan.Create(PlanCases.Small(), [PlanCases.Silo("a", 1L << 40, role: role)]);
        Assert.False(plan.Fits);
        Assert.True(plan.MissingBytes > 0);
        Assert.Contains(part, plan.ShortfallMessage!, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_in_pieces_too_small_does_not_fit()
    {
        ModelConfig config = PlanCases.Small();
        PartitionPlan plan = PartitionPlan.Create(config, PlanCases.Alike(4000, 100_000));
        Assert.False(plan.Fits);
        Assert.True(plan.MissingBytes > 0);
        Assert.Contains("pieces", plan.ShortfallMessage!, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tight_fit_with_slow_large_and_fast_small_silos_is_found()
    {
        ModelConfig config = PlanCases.Published("a13b");
        SiloCapacity[] silos =
        [
            PlanCases.Silo("a", 20_000_000_000, 4e12), PlanCases.Silo("b", 150_000_000_000, 1e11), PlanCases.Silo("c", 2_000_000_000, 4e12),
        ];
        PartitionPlan plan = PartitionPlan.Create(config, silos);
        PlanCases.Check(plan, config, new PlanOptions());
    }
}
