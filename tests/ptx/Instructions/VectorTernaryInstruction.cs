using System.Numerics;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Applies a function to three registers, several lanes at once.</summary>
internal sealed unsafe class VectorTernaryInstruction<T, TFunction>(Slot target, Slot a, Slot b, Slot c) : Instruction
    where T : unmanaged
    where TFunction : IVectorTernary<T>
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        T* result = (T*)(warp.File + target.Offset);
        T* first = (T*)(warp.File + a.Offset);
        T* second = (T*)(warp.File + b.Offset);
        T* third = (T*)(warp.File + c.Offset);
        if (mask == uint.MaxValue)
        {
            for (int lane = 0; lane < 32; lane += Vector256<T>.Count)
            {
                TFunction.Apply(Vector256.Load(first + lane), Vector256.Load(second + lane), Vector256.Load(third + lane)).Store(result + lane);
            }

            return;
        }

        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            result[lane] = TFunction.Apply(first[lane], second[lane], third[lane]);
        }
    }
}
