using System.Numerics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Inserts a bit field into a number.</summary>
/// <param name="target">The result.</param>
/// <param name="field">The bits to insert.</param>
/// <param name="into">The number.</param>
/// <param name="start">Position of the lowest bit.</param>
/// <param name="length">Number of bits.</param>
/// <param name="width">Bits of the number.</param>
internal sealed class InsertBitsInstruction(Slot target, Slot field, Slot into, Slot start, Slot length, int width) : Instruction
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            int at = (int)Lanes.Get(warp, start, lane) & 0xff;
            int bits = Math.Min((int)Lanes.Get(warp, length, lane) & 0xff, width);
            ulong ones = at >= width ? 0 : (bits == 64 ? ulong.MaxValue : (1ul << bits) - 1) << at;
            ulong inserted = at >= width ? 0 : Lanes.Get(warp, field, lane) << at;
            Lanes.Set(warp, target, lane, (Lanes.Get(warp, into, lane) & ~ones) | (inserted & ones));
        }
    }
}
