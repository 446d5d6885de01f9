using System.Numerics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Applies a function to two registers.</summary>
internal sealed unsafe class BinaryInstruction<T, TFunction>(Slot target, Slot a, Slot b) : Instruction
    where T : unmanaged
    where TFunction : IBinary<T>
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        T* result = (T*)(warp.File + target.Offset);
        T* left = (T*)(warp.File + a.Offset);
        T* right = (T*)(warp.File + b.Offset);
        int lane = 0;
        try
        {
            for (uint rest = mask; rest != 0; rest &= rest - 1)
            {
                lane = BitOperations.TrailingZeroCount(rest);
                result[lane] = TFunction.Apply(left[lane], right[lane]);
            }
        }
        catch (DivideByZeroException)
        {
            throw warp.Fault(lane, "The divisor is 0.");
        }
    }
}
