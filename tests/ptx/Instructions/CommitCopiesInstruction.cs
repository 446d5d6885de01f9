using System.Numerics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Makes the copies since the last time a group.</summary>
internal sealed class CommitCopiesInstruction : Instruction
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            warp.Copies.Commit(BitOperations.TrailingZeroCount(rest));
        }
    }
}
