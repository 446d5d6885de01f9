using System.Numerics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Chooses one of two registers by a predicate.</summary>
internal sealed unsafe class SelectInstruction<T>(Slot target, Slot a, Slot b, Slot predicate) : Instruction
    where T : unmanaged
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        T* result = (T*)(warp.File + target.Offset);
        T* left = (T*)(warp.File + a.Offset);
        T* right = (T*)(warp.File + b.Offset);
        uint bits = Lanes.GetPredicate(warp, predicate);
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            result[lane] = (bits >> lane & 1) != 0 ? left[lane] : right[lane];
        }
    }
}
