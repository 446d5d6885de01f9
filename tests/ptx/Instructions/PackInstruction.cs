using System.Numerics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Makes one register of several.</summary>
internal sealed class PackInstruction(Slot target, Slot[] sources) : Instruction
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong bits = 0;
            for (int i = sources.Length - 1; i >= 0; i--)
            {
                bits = (bits << (8 * sources[i].Type.Size)) | Lanes.Get(warp, sources[i], lane);
            }

            Lanes.Set(warp, target, lane, bits);
        }
    }
}
