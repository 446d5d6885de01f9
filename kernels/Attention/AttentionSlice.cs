namespace HunyuanOrleans.Kernels.Attention;

/// <summary>The rows of one sequence in a batch, for attention.</summary>
/// <param name="FirstRow">Index of its first row in the batch.</param>
/// <param name="Count">Number of rows.</param>
/// <param name="Start">Position of its first row in the sequence; the earlier positions are in the cache already.</param>
/// <param name="Blocks">Block numbers in order; entry i holds positions [32 i, 32 i + 32).</param>
public readonly record struct AttentionSlice(int FirstRow, int Count, int Start, ReadOnlyMemory<int> Blocks);
