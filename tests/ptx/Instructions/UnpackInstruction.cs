using System.Numerics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Parts one register into several.</summary>
internal sealed class UnpackInstruction(Slot?[] targets, int size, Slot source) : Instruction
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong bits = Lanes.Get(warp, source, lane);
            foreach (Slot? target in targets)
            {
                if (target is { } slot)
                {
                    Lanes.Set(warp, slot, lane, bits);
                }

                bits >>= 8 * size;
            }
        }
    }
}
