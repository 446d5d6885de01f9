using System.Runtime.InteropServices;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>Where the keys and values of a row go. The host writes it, kernels read it as four integers.</summary>
/// <param name="Block">The block.</param>
/// <param name="Position">Number of the position in the block.</param>
/// <param name="Clears">1 if the values of later positions of the block are cleared, otherwise 0.</param>
/// <param name="Padding">Not used.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct AttentionStepRow(int Block, int Position, int Clears, int Padding);
