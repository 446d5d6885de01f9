using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Waits for all threads of the warp.</summary>
internal sealed class WarpBarrierInstruction : Instruction
{
    /// <inheritdoc/>
    public override bool IsCollective => true;

    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask) => warp.Block.Shared.WarpBarrier(warp);
}
