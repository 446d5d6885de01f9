using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Placement;

/// <summary>Replicas of hot experts.</summary>
public sealed class ReplicaTests
{
    private static readonly ModelConfig Config = PlanCases.Small(experts: 8, topK: 1);

    [Fact]
    public void Hot_experts_get_replicas_in_proportion_to_their_load()
    {
        // Expert 3 gets half of all tokens, which is 4 times the mean.
        PlanOptions options = new() { Load = Load(e => e == 3 ? 7000 : 1000) };
        PartitionPlan plan = PartitionPlan.Create(Config, PlanCases.Alike(6, 1 << 26), options);
        PlanCases.Check(plan, Config, options);
        for (int layer = 0; layer < Config.Layers; layer++)
        {
            for (int expert = 0; expert < Config.Experts; expert++)
            {
                Assert.Equal(expert == 3 ? 4 : 1, plan.ExpertSilos(layer, expert).Distinct().Count());
            }
        }
    }

    [Fact]
    public void Replicas_balance_the_work()
    {
        // One CLA group on six silos: without replicas a single silo would do all the work of the hot expert.
        ModelConfig config = PlanCases.Small(layers: 2, experts: 8, topK: 1, width: 1024);
        PlanOptions options = new() { Load = new ExpertLoad([.. Enumerable.Range(0, 2).Select(_ => (long[])[10, 10, 10, 100_000, 10, 10, 10, 10])]) };
        SiloCapacity[] silos = [PlanCases.Silo("a", 1 << 26, role: SiloRole.Attention), .. PlanCases.Alike(5, 1 << 26).Select(s => s with { Role = SiloRole.Experts })];
        PartitionPlan with = PartitionPlan.Create(config, silos, options);
        PartitionPlan without = PartitionPlan.Create(config, silos, options with { ReplicaShare = 0 });
        PlanCases.Check(with, config, options);
        Assert.InRange(Busiest(with), 0, 0.6 * Busiest(without));
        Assert.Equal(without.Silos.Sum(s => s.TouchedBytesPerToken), with.Silos.Sum(s => s.TouchedBytesPerToken), 1.0);
    }

    [Fact]
    public void Replicas_take_only_memory_that_is_left()
    {
        PlanOptions options = new() { Load = Load(e => e == 3 ? 7000 : 1000), MinKvTokens = 1024 };
        long tight = PlanCases.Bytes(Config) + (1024 / 32 * KvFormat.Bf16.BlockBytes(Config) * Config.KvGroups);
        PartitionPlan plan = PartitionPlan.Create(Config, PlanCases.Alike(2, (tight / 2) + (tight / 10)), options);
        PlanCases.Check(plan, Config, options);
        Assert.InRange(plan.KvTokens, 1024, long.MaxValue);
        PartitionPlan none = PartitionPlan.Create(Config, PlanCases.Alike(2, 1 << 26), options with { ReplicaShare = 0 });
        Assert.All(none.Silos, s => Assert.Empty(s.Replicas));
        Assert.All(PartitionPlan.Create(Config, PlanCases.Alike(2, 1 << 26)).Silos, s => Assert.Empty(s.Replicas));
    }

    [Fact]
    public void Replicas_stay_in_place_while_their_expert_stays_hot()
    {
        PlanOptions options = new() { Load = Load(e => e == 3 ? 7000 : 1000) };
        PartitionPlan old = PartitionPlan.Create(Config, PlanCases.Alike(6, 1 << 26), options);
        PartitionPlan plan = PartitionPlan.Create(Config, PlanCases.Alike(6, 1 << 26), options with { Previous = old, Load = Load(e => e == 3 ? 6500 : 900 + e) });
        Assert.Empty(plan.Delta.Moves);
        PartitionPlan cold = PartitionPlan.Create(Config, PlanCases.Alike(6, 1 << 26), new PlanOptions { Previous = old });
        Assert.Empty(cold.Delta.Moves);
        Assert.All(cold.Silos, s => Assert.Empty(s.Replicas));
    }

    [Fact]
    public void Loads_of_another_shape_are_rejected()
    {
        Assert.Throws<ModelException>(() => PartitionPlan.Create(Config, PlanCases.Alike(2, 1 << 26), new PlanOptions { Load = new ExpertLoad([]) }));
        Assert.Throws<ModelException>(() => PartitionPlan.Create(Config, PlanCases.Alike(2, 1 << 26), new PlanOptions { Load = Load(_ => -1) }));
    }

    private static double Busiest(PartitionPlan plan) => plan.Silos.Where(s => s.Silo.Role == SiloRole.Experts).Max(s => s.TouchedBytesPerToken);

    private static ExpertLoad Load(Func<int, long> count) =>
        new([.. Enumerable.Range(0, Config.Layers).Select(_ => Enumerable.Range(0, Config.Experts).Select(count).ToArray())]);
}
