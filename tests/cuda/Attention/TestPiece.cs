namespace HunyuanOrleans.Cuda.Tests.Attention;

/// <summary>Rows of a sequence in a batch.</summary>
/// <param name="Sequence">The sequence.</param>
/// <param name="Start">Position of the first row.</param>
/// <param name="Count">Number of rows.</param>
/// <param name="Blocks">The block table.</param>
internal sealed record TestPiece(TestSequence Sequence, int Start, int Count, int[] Blocks)
{
    /// <summary>Which row of the sequence is the first; by default the one at its position.</summary>
    public int First { get; init; } = Start;
}
