using System.Numerics;
using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>An instruction that must not run.</summary>
/// <param name="reason">Why.</param>
internal sealed class FaultInstruction(string reason) : Instruction
{
    /// <summary>Why.</summary>
    public string Reason { get; } = reason;

    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask) => throw warp.Fault(BitOperations.TrailingZeroCount(mask), Reason);
}
