using System.Numerics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Chooses four of eight bytes by the lower four digits of a selector; a digit above 7 repeats the byte's sign.</summary>
internal sealed unsafe class PermuteInstruction(Slot target, Slot a, Slot b, Slot selector) : Instruction
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        uint* result = (uint*)(warp.File + target.Offset);
        uint* low = (uint*)(warp.File + a.Offset);
        uint* high = (uint*)(warp.File + b.Offset);
        uint* selectors = (uint*)(warp.File + selector.Offset);
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong bytes = ((ulong)high[lane] << 32) | low[lane];
            uint digits = selectors[lane];
            result[lane] = Choose(bytes, digits) | (Choose(bytes, digits >> 4) << 8) | (Choose(bytes, digits >> 8) << 16) | (Choose(bytes, digits >> 12) << 24);
        }
    }

    private static uint Choose(ulong bytes, uint digit)
    {
        uint chosen = (byte)(bytes >> (int)(8 * (digit & 7)));
        return (digit & 8) == 0 ? chosen : (uint)(byte)((sbyte)chosen >> 7);
    }
}
