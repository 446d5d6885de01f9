using System.Numerics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Brings memory nearer, which changes nothing. A GPU ignores addresses that a load could not read; here they are faults.</summary>
internal sealed unsafe class PrefetchInstruction(Address address) : Instruction
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            warp.Block.Global.Read(warp, lane, address.Of(warp, lane), 1, isConstant: false);
        }
    }
}
