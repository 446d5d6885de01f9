using System.Numerics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Shifts a number by a 32-bit amount. Amounts above its width count as its width.</summary>
internal sealed unsafe class ShiftInstruction<T>(Slot target, Slot a, Slot amount, bool isLeft) : Instruction
    where T : unmanaged, IBinaryInteger<T>
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        T* result = (T*)(warp.File + target.Offset);
        T* left = (T*)(warp.File + a.Offset);
        uint* amounts = (uint*)(warp.File + amount.Offset);
        int width = 8 * sizeof(T);
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            int by = (int)Math.Min(amounts[lane], (uint)width);

            // C# takes the amount modulo the width, so that the whole width needs two steps.
            int first = Math.Min(by, width - 1);
            result[lane] = isLeft ? left[lane] << first << (by - first) : left[lane] >> first >> (by - first);
        }
    }
}
