using System.Numerics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Applies a function to a register.</summary>
internal sealed unsafe class UnaryInstruction<T, TFunction>(Slot target, Slot a) : Instruction
    where T : unmanaged
    where TFunction : IUnary<T>
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        T* result = (T*)(warp.File + target.Offset);
        T* left = (T*)(warp.File + a.Offset);
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            result[lane] = TFunction.Apply(left[lane]);
        }
    }
}
