using System.Numerics;
using System.Runtime.CompilerServices;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Copies a register of a width.</summary>
internal sealed unsafe class MoveInstruction<T>(Slot target, Slot source) : Instruction
    where T : unmanaged
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        T* result = (T*)(warp.File + target.Offset);
        T* from = (T*)(warp.File + source.Offset);
        if (mask == uint.MaxValue)
        {
            Unsafe.CopyBlock(result, from, (uint)(32 * sizeof(T)));
            return;
        }

        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            result[lane] = from[lane];
        }
    }
}
