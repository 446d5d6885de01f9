using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Model.Configuration;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Placement;

/// <summary>Ways from plan to plan within the memory of the silos.</summary>
public sealed class PlanTransitionTests
{
    private static readonly ModelConfig Config = PlanCases.Published("hunyuan-large");

    private static readonly PlanOptions Options = new() { MinKvTokens = 65536 };

    [Theory]
    [InlineData(10)]
    [InlineData(12)]
    [InlineData(16)]
    public void A_silo_that_leaves_or_joins_never_needs_more_memory_than_there_is(int count)
    {
        SiloCapacity[] silos = PlanCases.Alike(count, 96_000_000_000, 4e12);
        PartitionPlan before = PartitionPlan.Create(Config, silos, Options);
        for (int gone = 0; gone < count; gone++)
        {
            SiloCapacity[] rest = [.. silos.Where((_, i) => i != gone)];
            PartitionPlan without = PartitionPlan.Create(Config, rest, Options with { Previous = before });
            PlanCases.Check(without, Config, Options);
            Assert.Equal(before.Silos[gone].WeightBytes, without.Delta.Bytes);
            Assert.Same(without, PlanTransition.Next(before, without));
            PartitionPlan back = PartitionPlan.Create(Config, silos, Options with { Previous = without });
            Assert.Same(back, PlanTransition.Next(without, back));
        }
    }

    [Fact]
    public void A_group_that_fits_nowhere_gets_room_from_experts_and_not_from_a_new_plan()
    {
        // The silos are nearly full: all together have room for the share of one, but none has room for a whole CLA group.
        SiloCapacity[] silos = PlanCases.Alike(64, 13_200_000_000, 4e12);
        PartitionPlan before = PartitionPlan.Create(Config, silos, Options);
        PartitionPlan after = PartitionPlan.Create(Config, silos[1..], Options with { Previous = before });
        PlanCases.Check(after, Config, Options);
        Assert.InRange(after.Delta.Bytes, before.Silos[0].WeightBytes, before.Silos[0].WeightBytes * 3 / 2);

        // Experts must move before the group: a silo cannot hold both.
        PartitionPlan current = before;
        int steps = 0;
        while (!ReferenceEquals(current, after))
        {
            PartitionPlan next = PlanTransition.Next(current, after)!;
            Assert.NotNull(next);
            Assert.Empty(PlanTransition.Overfull(current, next));
            Assert.InRange(++steps, 1, 5);
            current = next;
        }

        Assert.True(steps > 1, "The plan was reached at once.");
    }

    [Fact]
    public void Parts_that_two_full_silos_exchange_move_one_after_another()
    {
        ModelConfig config = PlanCases.Small();
        SiloCapacity[] silos = PlanCases.Alike(2, 1L << 30);
        PartitionPlan before = PartitionPlan.Create(config, silos);
        Assert.All(before.Silos, static silo => Assert.True(silo.Attention.Count > 0 && silo.Experts.Count > 0));
        PlanSnapshot swapped = before.Capture();
        PartitionPlan target = Restore(config, swapped with
        {
            GroupSilos = [.. swapped.GroupSilos.Select(static s => 1 - s)],
            ExpertSilos = [.. swapped.ExpertSilos.Select(static layer => layer.Select(static holders => holders.Select(static s => 1 - s).ToArray()).ToArray())],
        });
        long most = new[] { before, target }.Max(plan => silos.Max(silo => PlanTransition.BytesOn(silo.Name, plan)));
        long expert = before.ExpertBytes(new ExpertRange(2, 2, 0, 0));

        // With room for a few experts beside what a silo holds.
        PartitionPlan current = WithMemory(config, before, most + (3 * expert));
        target = WithMemory(config, target, most + (3 * expert));
        int steps = 0;
        while (PlanTransition.Next(current, target) is { } next && !ReferenceEquals(next, target))
        {
            Assert.Empty(PlanTransition.Overfull(current, next));
            Assert.True(next.Delta.Bytes > 0);
            current = next;
            Assert.InRange(++steps, 1, 1000);
        }

        Assert.True(steps > 3, $"{steps} steps");

        // With no room at all nothing can move while the silos hold what steps need.
        Assert.Null(PlanTransition.Next(WithMemory(config, before, most), WithMemory(config, target, most)));
    }

    private static PartitionPlan Restore(ModelConfig config, PlanSnapshot snapshot) => PartitionPlan.Restore(config, snapshot);

    private static PartitionPlan WithMemory(ModelConfig config, PartitionPlan plan, long memory)
    {
        PlanSnapshot snapshot = plan.Capture();
        return Restore(config, snapshot with { Silos = [.. snapshot.Silos.Select(silo => silo with { MemoryBytes = memory })] });
    }
}
