namespace HunyuanOrleans.Ptx;

/// <summary>A kernel did something that a GPU would punish, or silently get wrong.</summary>
/// <param name="kernel">Name of the entry.</param>
/// <param name="instruction">Text of the instruction.</param>
/// <param name="line">Its line in the module, from 1.</param>
/// <param name="block">The block.</param>
/// <param name="thread">The thread within the block, or the first one of several.</param>
/// <param name="reason">What went wrong.</param>
public sealed class PtxFault(string kernel, string instruction, int line, (int X, int Y, int Z) block, int thread, string reason)
    : Exception($"{reason} Kernel {kernel}, line {line}: {instruction} Block ({block.X}, {block.Y}, {block.Z}), warp {thread / 32}, lane {thread % 32}.")
{
    /// <summary>Name of the entry.</summary>
    public string Kernel { get; } = kernel;

    /// <summary>Text of the instruction.</summary>
    public string Instruction { get; } = instruction;

    /// <summary>Line of the instruction in the module, from 1.</summary>
    public int Line { get; } = line;

    /// <summary>The block.</summary>
    public (int X, int Y, int Z) Block { get; } = block;

    /// <summary>The thread within the block, or the first one of several.</summary>
    public int Thread { get; } = thread;

    /// <summary>What went wrong.</summary>
    public string Reason { get; } = reason;
}
