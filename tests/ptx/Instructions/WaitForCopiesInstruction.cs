using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Waits for copies.</summary>
/// <param name="left">Groups that need not be done, or -1 to wait for copies of no group too.</param>
internal sealed class WaitForCopiesInstruction(int left) : Instruction
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask) => warp.Copies.Wait(mask, left, copy => warp.Block.Shared.EndCopy(warp, copy));
}
