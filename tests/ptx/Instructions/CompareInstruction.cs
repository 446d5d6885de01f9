using System.Numerics;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Compares two registers.</summary>
internal sealed unsafe class CompareInstruction<T, TComparison>(Slot a, Slot b, ComparisonResult result) : Instruction
    where T : unmanaged
    where TComparison : IComparison<T>
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        T* left = (T*)(warp.File + a.Offset);
        T* right = (T*)(warp.File + b.Offset);
        uint bits = 0;
        if (mask == uint.MaxValue)
        {
            for (int lane = 0; lane < 32; lane += Vector256<T>.Count)
            {
                bits |= TComparison.Apply(Vector256.Load(left + lane), Vector256.Load(right + lane)).ExtractMostSignificantBits() << lane;
            }

            result.Store(warp, mask, bits);
            return;
        }

        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            bits |= TComparison.Apply(left[lane], right[lane]) ? 1u << lane : 0;
        }

        result.Store(warp, mask, bits);
    }
}
