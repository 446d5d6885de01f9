using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Kernels.Attention;
using Xunit;

namespace HunyuanOrleans.Cuda.Tests.Attention;

public sealed class AttentionPlanTests
{
    [Theory]
    [InlineData(10, 512)]
    [InlineData(10, 20)]
    [InlineData(1, 512)]
    [InlineData(24, 40)]
    [InlineData(10, 150)]
    public void Every_row_attends_to_every_segment_once(int groupHeads, int maxPartials)
    {
        AttentionPlan plan = new(groupHeads, maxPartials);
        AttentionBatch batch = new(groupHeads, 1);
        (int Start, int Count)[] slices = [(0, 1), (255, 2), (5000, 1), (300, 700), (0, 40), (100_000, 5)];
        foreach ((int start, int count) in slices)
        {
            batch.Add(new AttentionSlice(batch.Rows, count, start, new int[(start + count + 31) / 32]));
        }

        plan.Build(batch);
        Dictionary<(int Row, int Segment), int> seen = [];
        HashSet<int> partials = [];
        foreach (AttentionUnit unit in plan.Units)
        {
            Assert.InRange(unit.Rows, 1, 16);
            int last = unit.Start + ((unit.FirstRow + unit.Rows - 1) / groupHeads);
            int segments = Math.Min(unit.Segments, (last / 256) + 1 - unit.Segment);
            Assert.Equal(unit.Segment + segments, AttentionUnit.EndOfSegments(unit, groupHeads));
            Assert.Equal(unit.Segments == AttentionUnit.AllSegments, unit.Partial < 0);
            Assert.True(unit.Partial < 0 || partials.Add(unit.Partial));
            for (int i = 0; i < unit.Rows; i++)
            {
                for (int s = 0; s < segments; s++)
                {
                    (int, int) key = ((unit.FirstToken * groupHeads) + unit.FirstRow + i, unit.Segment + s);
                    Assert.True(seen.TryAdd(key, unit.Start));
                }
            }
        }

        for (int row = 0; row < batch.Rows; row++)
        {
            AttentionSlice slice = batch.Slices.ToArray().Last(s => s.FirstRow <= row);
            int segments = ((slice.Start + row - slice.FirstRow) / 256) + 1;
            for (int i = 0; i < groupHeads * segments; i++)
            {
                Assert.Equal(slice.Start, seen[((row * groupHeads) + (i / segments), i % segments)]);
            }
        }

        Assert.True(partials.Count <= maxPartials);
        Assert.Equal(Enumerable.Range(0, partials.Count), partials.Order());
        int expected = 0;
        foreach (AttentionUnit merge in plan.Merges)
        {
            Assert.Equal(expected, merge.Partial);
            expected += merge.Segment;
        }

        Assert.Equal(partials.Count, expected);
        Assert.Equal(slices.Sum(static s => StepTables.PlaceOf(new AttentionSlice(0, s.Count, s.Start, default))), plan.TableEntries);
    }

    [Fact]
    public void The_longest_context_is_divided_first_if_there_is_little_room()
    {
        AttentionPlan plan = new(8, 50);
        AttentionBatch batch = new(8, 1);
        foreach (int start in new[] { 2000, 10_000, 3000 })
        {
            batch.Add(new AttentionSlice(batch.Rows, 1, start, new int[(start / 32) + 1]));
        }

        plan.Build(batch);
        Assert.Equal(1, plan.Merges.Length);
        Assert.Equal((1, 40), (plan.Merges[0].FirstToken, plan.Merges[0].Segment));
        Assert.Equal(42, plan.Units.Length);
    }

    [Fact]
    public void Contexts_of_equal_length_are_divided_into_groups_of_segments_if_there_is_no_room_for_single_ones()
    {
        AttentionPlan plan = new(8, 1024);
        AttentionBatch batch = new(8, 1);
        for (int row = 0; row < 5; row++)
        {
            batch.Add(new AttentionSlice(row, 1, 65_535, new int[2048]));
        }

        plan.Build(batch);
        Assert.Equal(Enumerable.Range(0, 5).Select(static row => (row, 16, 16, row * 16)), Units(plan.Merges));
        Assert.Equal(Enumerable.Range(0, 80).Select(static part => (part / 16, part % 16 * 16, 16, part)), Units(plan.Units));
    }

    [Fact]
    public void Only_the_longest_contexts_are_divided_if_there_is_no_room_for_all_groups()
    {
        AttentionPlan plan = new(8, 20);
        AttentionBatch batch = new(8, 1);
        foreach (int start in new[] { 30_000, 65_535, 30_000 })
        {
            batch.Add(new AttentionSlice(batch.Rows, 1, start, new int[(start / 32) + 1]));
        }

        plan.Build(batch);
        Assert.Equal([(1, 16, 16, 0)], Units(plan.Merges));
        Assert.Equal(18, plan.Units.Length);
    }

    private static IEnumerable<(int Token, int Segment, int Segments, int Partial)> Units(ReadOnlySpan<AttentionUnit> units) =>
        units.ToArray().OrderBy(static unit => unit.FirstToken).Select(static unit => (unit.FirstToken, unit.Segment, unit.Segments, unit.Partial)).ToArray();
}
