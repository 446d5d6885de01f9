using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Waits for all threads of the block.</summary>
/// <param name="barrier">Number of the barrier.</param>
/// <param name="threads">Threads that take part, or 0 for all.</param>
internal sealed class BarrierInstruction(int barrier, int threads) : Instruction
{
    /// <inheritdoc/>
    public override bool IsCollective => true;

    /// <inheritdoc/>
    public override void Execute(Warp warp, uint mask)
    {
        if (threads != 0 && threads != warp.Block.Launch.Threads)
        {
            throw warp.Fault(0, $"The barrier is for {threads} threads, the block has {warp.Block.Launch.Threads}: only barriers for all are supported.");
        }

        warp.StopAtBarrier(barrier);
    }
}
