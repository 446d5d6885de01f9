namespace HunyuanOrleans.Cuda.Attention;

/// <summary>
/// Sizes of the launches of a step. Kernels read how much there is to do from the step's descriptors, so a larger grid gives the same results: a graph
/// that was captured with a larger grid can be launched for any step that fits into it.
/// </summary>
/// <param name="Rows">Rows.</param>
/// <param name="Units">Units of attention.</param>
/// <param name="Merges">Units whose segments are merged.</param>
internal readonly record struct AttentionGrid(int Rows, int Units, int Merges);
