using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Ends lanes.</summary>
internal sealed class ExitInstruction : Instruction
{
    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask) => warp.Exit(mask);
}
