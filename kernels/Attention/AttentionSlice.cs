namespace HunyuanOrleans.Kernels.Attention;

/// <summary>The rows of one sequence in an <see cref="AttentionBatch"/>.</summary>
/// <param name="FirstRow">Index of its first row in the batch.</param>
/// <param name="Count">Number of rows.</param>
/// <param name="Start">Position of its first row in the sequence. The cache already contains the earlier positions.</param>
/// <param name="Blocks">The block table of the sequence: entry i is the block with positions [32 i, 32 i + 32).</param>
public readonly record struct AttentionSlice(int FirstRow, int Count, int Start, ReadOnlyMemory<int> Blocks);
