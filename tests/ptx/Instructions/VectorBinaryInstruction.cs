using System.Numerics;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Applies a function to two registers, several lanes at once.</summary>
internal sealed unsafe class VectorBinaryInstruction<T, TFunction>(Slot target, Slot a, Slot b) : Instruction
    where T : unmanaged
    where TFunction : IVectorBinary<T>
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        T* result = (T*)(warp.File + target.Offset);
        T* left = (T*)(warp.File + a.Offset);
        T* right = (T*)(warp.File + b.Offset);
        if (mask == uint.MaxValue)
        {
            for (int lane = 0; lane < 32; lane += Vector256<T>.Count)
            {
                TFunction.Apply(Vector256.Load(left + lane), Vector256.Load(right + lane)).Store(result + lane);
            }

            return;
        }

        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            result[lane] = TFunction.Apply(left[lane], right[lane]);
        }
    }
}
