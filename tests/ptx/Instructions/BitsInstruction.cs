using System.Numerics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Applies a function to the bits of one to three registers, which may differ in width. For instructions that are rare.</summary>
/// <param name="target">The result.</param>
/// <param name="sources">The arguments.</param>
/// <param name="function">The function. Arguments that are not there are 0.</param>
internal sealed class BitsInstruction(Slot target, Slot[] sources, Func<ulong, ulong, ulong, ulong> function) : Instruction
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong b = sources.Length > 1 ? Lanes.Get(warp, sources[1], lane) : 0;
            ulong c = sources.Length > 2 ? Lanes.Get(warp, sources[2], lane) : 0;
            Lanes.Set(warp, target, lane, function(Lanes.Get(warp, sources[0], lane), b, c));
        }
    }
}
