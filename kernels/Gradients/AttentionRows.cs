using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Kernels.Gradients;

/// <summary>The inputs of attention over whole sequences. Query head h uses key head h / (heads / key heads). The caller owns the buffers.</summary>
/// <param name="Query">float32 [rows, heads * head size].</param>
/// <param name="Key">float32 [rows, key heads * head size].</param>
/// <param name="Value">float32 [rows, key heads * head size].</param>
/// <param name="HeadSize">Width of a head.</param>
public readonly record struct AttentionRows(Activation Query, Activation Key, Activation Value, int HeadSize)
{
    /// <summary>Number of query heads.</summary>
    public int Heads => Query.Columns / HeadSize;

    /// <summary>Number of key/value heads.</summary>
    public int KeyHeads => Key.Columns / HeadSize;

    internal void Check(ReadOnlySpan<SequenceRange> sequences)
    {
        if (HeadSize <= 0 || Query.Columns % HeadSize != 0 || Key.Columns % HeadSize != 0 || Key.Columns != Value.Columns || Heads % Math.Max(1, KeyHeads) != 0
            || Query.Type != ElementType.F32 || Key.Type != ElementType.F32 || Value.Type != ElementType.F32)
        {
            throw new ArgumentException($"Queries [{Query.Columns}], keys [{Key.Columns}] and values [{Value.Columns}] do not consist of heads of {HeadSize}.");
        }

        foreach (SequenceRange sequence in sequences)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sequence.Length);
            Query.Check(sequence.Start, sequence.Length, nameof(sequences));
            Key.Check(sequence.Start, sequence.Length, nameof(sequences));
            Value.Check(sequence.Start, sequence.Length, nameof(sequences));
        }
    }

    internal static unsafe MatrixView View(Activation x, int row, int column) =>
        MatrixView.Rows((float*)x.Address(row) + column, x.Stride / sizeof(float));
}
