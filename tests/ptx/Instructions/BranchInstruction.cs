using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Goes on at another instruction.</summary>
internal sealed class BranchInstruction(int target) : Instruction
{
    /// <summary>Number of the instruction.</summary>
    public int Target => target;

    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask) => warp.Branch(mask, target);
}
