using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Placement;

/// <summary>Checks that hold for every plan, for a few hundred random models and changing sets of silos.</summary>
public sealed class RandomPlanTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Every_plan_is_complete_within_memory_and_independent_of_silo_order(int seed)
    {
        int fitting = 0;
        for (int i = 0; i < 20; i++)
        {
            Random random = new((seed * 100) + i);
            ModelConfig config = Config(random);
            List<SiloCapacity> silos = [.. Enumerable.Range(0, random.Next(1, 12)).Select(n => Silo(random, n, config))];
            PlanOptions options = Options(random, config);
            PartitionPlan plan = Make(config, silos, options, random);
            for (int change = 0; change < 4; change++)
            {
                fitting += plan.Fits ? 1 : 0;
                options = options with { Previous = plan };
                if (silos.Count > 1 && random.Next(2) == 0)
                {
                    silos.RemoveAt(random.Next(silos.Count));
                }
                else
                {
                    silos.Add(Silo(random, 100 + change, config));
                }

                PartitionPlan next = Make(config, silos, options, random);
                Assert.True(!next.Fits || next.Delta.Moves.All(move => silos.Any(s => s.Name == move.To)));
                plan = next;
            }
        }

        // Both plans that fit and plans that do not must occur, or the test proves nothing.
        Assert.InRange(fitting, 20, 80);
    }

    // A plan that does not fit must miss some memory. A plan must fit if every silo alone could hold the model.
    private static PartitionPlan Make(ModelConfig config, List<SiloCapacity> silos, PlanOptions options, Random random)
    {
        PartitionPlan plan = PartitionPlan.Create(config, silos, options);
        if (plan.Fits)
        {
            PlanCases.Check(plan, config, options);
        }
        else
        {
            Assert.True(plan.MissingBytes > 0);
        }

        SiloCapacity[] shuffled = [.. silos];
        random.Shuffle(shuffled);
        PartitionPlan again = PartitionPlan.Create(config, shuffled, options);
        Assert.Equal(PlanCases.Text(plan), PlanCases.Text(again));
        Assert.Equal(plan.MissingBytes, again.MissingBytes);
        Assert.Equal(plan.Predicted, again.Predicted);
        Assert.Equal(plan.Delta.Moves, again.Delta.Moves);
        PlanSnapshotTests.CheckRestored(plan, config, options);
        if (options.Previous is { } previous)
        {
            // A restored plan must work equally well as the previous plan.
            PartitionPlan handed = PlanSnapshotTests.SerializeAndRestore(previous, config, previous.Problem.Options);
            PartitionPlan after = PartitionPlan.Create(config, silos, options with { Previous = handed });
            PlanSnapshotTests.AssertEqual(plan, after, config);
        }

        long needed = PlanCases.Bytes(config, options.Mode, options.Quant) + (2 * Kv(config, options));
        bool ample = silos.All(s => s.Role == SiloRole.Any && s.MemoryBytes >= needed);
        Assert.True(plan.Fits || !ample, "A model that fits on every single silo must fit.");
        return plan;
    }

    private static long Kv(ModelConfig config, PlanOptions options) =>
        ((options.MinKvTokens / 32) + 1) * options.Kv.BlockBytes(config) * config.KvGroups;

    private static ModelConfig Config(Random random)
    {
        int cla = random.Next(1, 4);
        int experts = random.Next(4) == 0 ? 1 : random.Next(2, 20);
        return PlanCases.Small(cla * random.Next(1, 9), experts, random.Next(1, experts + 1), cla, 64 * random.Next(1, 3), 64 * random.Next(1, 4));
    }

    private static SiloCapacity Silo(Random random, int number, ModelConfig config)
    {
        long bytes = 2 * config.ParameterCount.Total;
        SiloRole role = random.Next(8) switch { 0 => SiloRole.Attention, 1 => SiloRole.Experts, 2 => SiloRole.Gateway, _ => SiloRole.Any };
        return PlanCases.Silo($"s{number}", (long)(bytes * 3 * random.NextDouble()), 1e11 * (1 + random.Next(40)), role) with
        {
            Zone = random.Next(2) == 0 ? "" : "z",
            NetworkLatency = 1e-5 * random.Next(0, 20),
        };
    }

    private static PlanOptions Options(Random random, ModelConfig config) => new()
    {
        Mode = (ComputeMode)random.Next(2),
        Quant = (QuantFormat)random.Next(6),
        Kv = (KvFormat)random.Next(4),
        MinKvTokens = random.Next(1, 500),
        Load = random.Next(2) == 0 ? null : new ExpertLoad(
            [.. Enumerable.Range(0, config.Layers).Select(_ => Enumerable.Range(0, config.Experts).Select(_ => (long)Math.Exp(random.Next(12))).ToArray())]),
    };
}
