using HunyuanOrleans.Kernels.Threading;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Threading;

/// <summary>Owners take the units of their range in order, others steal from its far end, and each unit is taken exactly once.</summary>
public sealed class WorkStealingRangesTests
{
    [Fact]
    public void TakesOwnUnitsInOrderThenStealsFromTheEnd()
    {
        WorkStealingRanges ranges = new(3);
        ranges.Set(0, 0, 3);
        ranges.Set(1, 3, 3);
        ranges.Set(2, 3, 6);
        Assert.Equal((0, 1), Take(ranges, 0));
        Assert.Equal((1, 2), Take(ranges, 0));
        Assert.Equal((5, -1), Take(ranges, 1));
        Assert.Equal((3, 4), Take(ranges, 2));
        Assert.Equal((4, -1), Take(ranges, 2));
        Assert.Equal((2, -1), Take(ranges, 2));
        for (int slot = 0; slot < 3; slot++)
        {
            Assert.Equal((-1, -1), Take(ranges, slot));
        }
    }

    [Fact]
    public void EachUnitIsTakenExactlyOnceUnderContention()
    {
        const int Slots = 4;
        const int Units = 600;
        WorkStealingRanges ranges = new(Slots);
        using WorkerPool pool = new(Slots, pin: false);
        int[] taken = new int[Units];
        for (int run = 0; run < 300; run++)
        {
            Array.Clear(taken);
            for (int slot = 0; slot < Slots; slot++)
            {
                // Slot 0 has nearly all units, so that the other slots steal from it.
                ranges.Set(slot, slot == 0 ? 0 : Units - Slots + slot, Units - Slots + slot + 1);
            }

            pool.Run(new ActionJob((slot, _) =>
            {
                for (int unit = ranges.Take(slot, out int _); unit >= 0; unit = ranges.Take(slot, out int _))
                {
                    Interlocked.Increment(ref taken[unit]);
                }
            }), Slots);
            Assert.True(Array.TrueForAll(taken, n => n == 1), $"Run {run}: {string.Join(',', taken)}");
        }
    }

    private static (int Unit, int LikelyNext) Take(WorkStealingRanges ranges, int slot) => (ranges.Take(slot, out int likelyNext), likelyNext);
}
