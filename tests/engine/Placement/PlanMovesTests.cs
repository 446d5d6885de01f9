using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Placement;

/// <summary>What moves when silos join and leave.</summary>
public sealed class PlanMovesTests
{
    [Theory]
    [InlineData("hunyuan-large", 1)]
    [InlineData("hunyuan-large", 3)]
    [InlineData("hunyuan-large", 8)]
    [InlineData("hunyuan-large", 15)]
    [InlineData("a13b", 2)]
    [InlineData("a13b", 7)]
    public void A_silo_that_joins_gets_its_share_and_nothing_else_moves(string model, int before)
    {
        ModelConfig config = PlanCases.Published(model);
        SiloCapacity[] silos = PlanCases.Alike(before + 1, 1_000_000_000_000);
        PartitionPlan old = PartitionPlan.Create(config, silos[..before]);
        PlanOptions options = new() { Previous = old };
        PartitionPlan plan = PartitionPlan.Create(config, silos, options);
        PlanCases.Check(plan, config, options);
        Assert.All(plan.Delta.Moves, move => Assert.Equal(silos[^1].Name, move.To));
        long range = plan.AttentionBytes(new LayerRange(config.Layers - config.ClaFactor, config.Layers - 1));
        Assert.InRange(plan.Delta.Bytes, 1, (PlanCases.Bytes(config) / (before + 1)) + range);
        Assert.Equal(plan.Delta.Bytes, plan.Silos[^1].WeightBytes);

        // The new silo also does its part of the work.
        double fair = plan.Silos.Sum(s => s.TouchedBytesPerToken) / (before + 1);
        Assert.InRange(plan.Silos[^1].TouchedBytesPerToken, 0.7 * fair, 1.3 * fair);
    }

    [Theory]
    [InlineData("hunyuan-large", 2)]
    [InlineData("hunyuan-large", 8)]
    [InlineData("a13b", 5)]
    public void A_silo_that_leaves_moves_only_what_it_held(string model, int before)
    {
        ModelConfig config = PlanCases.Published(model);
        SiloCapacity[] silos = PlanCases.Alike(before, 1_000_000_000_000);
        PartitionPlan old = PartitionPlan.Create(config, silos);
        for (int gone = 0; gone < before; gone++)
        {
            PlanOptions options = new() { Previous = old };
            PartitionPlan plan = PartitionPlan.Create(config, [.. silos.Where((_, i) => i != gone)], options);
            PlanCases.Check(plan, config, options);
            Assert.All(plan.Delta.Moves, move => Assert.Equal(silos[gone].Name, move.From));
            Assert.Equal(old.Silos[gone].WeightBytes, plan.Delta.Bytes);
            double level = plan.Silos.Sum(s => s.TouchedBytesPerToken) / (before - 1);
            Assert.All(plan.Silos, s => Assert.InRange(s.TouchedBytesPerToken, 0.6 * level, 1.4 * level));
        }
    }

    [Fact]
    public void A_silo_that_replaces_another_takes_its_layers()
    {
        ModelConfig config = PlanCases.Published("hunyuan-large");
        SiloCapacity[] silos = PlanCases.Alike(4, 1_000_000_000_000);
        PartitionPlan old = PartitionPlan.Create(config, silos);
        PlanOptions options = new() { Previous = old };
        PartitionPlan plan = PartitionPlan.Create(config, [silos[0], silos[1], silos[3], PlanCases.Silo("new", 1_000_000_000_000)], options);
        PlanCases.Check(plan, config, options);
        Assert.Equal(old.Silos[2].Attention, plan.Silos.Single(s => s.Silo.Name == "new").Attention);
        Assert.InRange(plan.Delta.Bytes, old.Silos[2].WeightBytes, old.Silos[2].WeightBytes * 1.1);
    }

    [Fact]
    public void Nothing_moves_while_nothing_changes()
    {
        ModelConfig config = PlanCases.Published("a13b");
        PartitionPlan old = PartitionPlan.Create(config, PlanCases.Alike(5, 100_000_000_000));
        Assert.Equal(PlanCases.Bytes(config), old.Delta.Bytes);
        Assert.All(old.Delta.Moves, move => Assert.Null(move.From));
        PartitionPlan plan = PartitionPlan.Create(config, PlanCases.Alike(5, 100_000_000_000, 1.1e12), new PlanOptions { Previous = old });
        Assert.Empty(plan.Delta.Moves);
        Assert.Equal(PlanCases.Text(old), PlanCases.Text(plan));
    }

    [Fact]
    public void A_silo_whose_memory_or_role_shrinks_gives_up_what_no_longer_fits()
    {
        ModelConfig config = PlanCases.Small();
        SiloCapacity[] silos = PlanCases.Alike(3, 1 << 24);
        PartitionPlan old = PartitionPlan.Create(config, silos);
        PlanOptions options = new() { Previous = old, MinKvTokens = 32 };
        PartitionPlan smaller = PartitionPlan.Create(config, [silos[0] with { MemoryBytes = old.Silos[0].WeightBytes * 2 / 3 }, .. silos[1..]], options);
        PlanCases.Check(smaller, config, options);
        Assert.All(smaller.Delta.Moves, move => Assert.Equal("s00", move.From));

        PartitionPlan noExperts = PartitionPlan.Create(config, [silos[0] with { Role = SiloRole.Attention }, .. silos[1..]], options);
        PlanCases.Check(noExperts, config, options);
        Assert.All(noExperts.Delta.Moves, move => Assert.True(move.From == "s00" && move.Experts is not null));
    }

    [Fact]
    public void A_previous_plan_of_another_model_is_rejected()
    {
        PartitionPlan old = PartitionPlan.Create(PlanCases.Small(layers: 4), PlanCases.Alike(1, 1L << 40));
        Assert.Throws<ModelException>(() => PartitionPlan.Create(PlanCases.Small(layers: 6), PlanCases.Alike(1, 1L << 40), new PlanOptions { Previous = old }));
    }

    [Fact]
    public void A_new_plan_is_made_if_the_previous_one_did_not_fit()
    {
        ModelConfig config = PlanCases.Small();
        PartitionPlan refused = PartitionPlan.Create(config, PlanCases.Alike(1, 1000));
        PlanOptions options = new() { Previous = refused };
        PlanCases.Check(PartitionPlan.Create(config, PlanCases.Alike(2, 1 << 26), options), config, options);
    }
}
