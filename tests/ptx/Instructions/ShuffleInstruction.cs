using System.Numerics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Takes the value of another lane.</summary>
/// <param name="target">The result.</param>
/// <param name="inRange">Receives whether the other lane was in range, if wanted.</param>
/// <param name="source">The values.</param>
/// <param name="distance">Distance or number of the lane.</param>
/// <param name="limits">Clamp in bits 0 to 4, mask of the segment in bits 8 to 12.</param>
/// <param name="members">Lanes that take part.</param>
/// <param name="mode">How the lane is found.</param>
internal sealed unsafe class ShuffleInstruction(
    Slot? target, Slot? inRange, Slot source, Slot distance, Slot limits, Slot members, ShuffleMode mode) : Instruction
{
    /// <inheritdoc/>
    public override bool IsCollective => true;

    /// <inheritdoc/>
    public override uint Members(Warp warp, uint mask) =>
        (uint)Lanes.Get(warp, members, BitOperations.TrailingZeroCount(mask)) & warp.Existing;

    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        uint* values = (uint*)(warp.File + source.Offset);
        uint* distances = (uint*)(warp.File + distance.Offset);
        uint* allLimits = (uint*)(warp.File + limits.Offset);
        uint* results = stackalloc uint[32];
        uint found = 0;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            int by = (int)distances[lane] & 31;
            uint limit = allLimits[lane];
            int clamp = (int)limit & 31;
            int segment = (int)(limit >> 8) & 31;
            int last = (lane & segment) | (clamp & ~segment);
            int first = lane & segment;
            int from = mode switch
            {
                ShuffleMode.Up => lane - by,
                ShuffleMode.Down => lane + by,
                ShuffleMode.Xor => lane ^ by,
                _ => first | (by & ~segment),
            };
            bool isInRange = mode == ShuffleMode.Up ? from >= last : from <= last;
            from = isInRange ? from : lane;
            if ((mask >> from & 1) == 0)
            {
                throw warp.Fault(lane, $"The lane takes the value of lane {from}, which does not take part.");
            }

            found |= isInRange ? 1u << lane : 0;
            results[lane] = values[from];
        }

        if (target is { } result)
        {
            for (uint rest = mask; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                ((uint*)(warp.File + result.Offset))[lane] = results[lane];
            }
        }

        if (inRange is { } predicate)
        {
            Lanes.SetPredicate(warp, predicate, mask, found);
        }
    }
}
