using System.Numerics;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Widens 32-bit integers to 64 bits.</summary>
internal sealed unsafe class WidenInstruction(Slot target, Slot source, bool isSigned) : Instruction
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        long* result = (long*)(warp.File + target.Offset);
        int* from = (int*)(warp.File + source.Offset);
        if (mask == uint.MaxValue)
        {
            for (int lane = 0; lane < 32; lane += Vector256<long>.Count)
            {
                Vector128<int> narrow = Vector128.Load(from + lane);
                Vector256<long> wide = isSigned
                    ? Vector256.Create(Vector128.WidenLower(narrow), Vector128.WidenUpper(narrow))
                    : Vector256.Create(Vector128.WidenLower(narrow.AsUInt32()), Vector128.WidenUpper(narrow.AsUInt32())).AsInt64();
                wide.Store(result + lane);
            }

            return;
        }

        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            result[lane] = isSigned ? from[lane] : (uint)from[lane];
        }
    }
}
