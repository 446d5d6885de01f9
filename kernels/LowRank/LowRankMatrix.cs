using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Kernels.LowRank;

/// <summary>
/// The product scale * B A of two thin matrices, A [rank, inputs] and B [outputs, rank], in the layout of <see cref="LowRankProducts"/>: the rows of A one
/// after the other, then for every 64 outputs the 64 factors of each rank. It does not own its memory.
/// </summary>
public sealed unsafe class LowRankMatrix
{
    internal const int BlockOutputs = 64;
    private const int InputAlignment = 32;

    private readonly NativeBuffer _storage;
    private readonly long _offset;

    /// <summary>Creates a matrix over zeroed memory, which must outlive it. The caller then fills it by <see cref="SetA"/> and <see cref="SetB"/>.</summary>
    /// <param name="rank">Rows of A.</param>
    /// <param name="inputs">Columns of A.</param>
    /// <param name="outputs">Rows of B.</param>
    /// <param name="type">F32 or BF16.</param>
    /// <param name="scale">Factor of the product.</param>
    /// <param name="storage">The memory.</param>
    /// <param name="offset">Offset in it in bytes, a multiple of 64. <see cref="BytesOf"/> bytes are used.</param>
    public LowRankMatrix(int rank, int inputs, int outputs, ElementType type, float scale, NativeBuffer storage, long offset)
    {
        long bytes = BytesOf(rank, inputs, outputs, type);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNotEqual(offset % 64, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, storage.ByteLength - bytes);
        (Rank, Inputs, Outputs, Type, Scale) = (rank, inputs, outputs, type, scale);
        (_storage, _offset) = (storage, offset);
    }

    /// <summary>Rows of A.</summary>
    public int Rank { get; }

    /// <summary>Columns of A.</summary>
    public int Inputs { get; }

    /// <summary>Rows of B.</summary>
    public int Outputs { get; }

    /// <summary>F32 or BF16.</summary>
    public ElementType Type { get; }

    /// <summary>Factor of the product.</summary>
    public float Scale { get; }

    internal int Blocks => (Outputs + BlockOutputs - 1) / BlockOutputs;

    internal long AStride => Padded(Inputs) * (long)Type.Size();

    /// <summary>Bytes of a matrix, a multiple of 64.</summary>
    public static long BytesOf(int rank, int inputs, int outputs, ElementType type)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rank);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        if (type is not (ElementType.F32 or ElementType.BF16))
        {
            throw new ArgumentOutOfRangeException(nameof(type), type, "Low-rank matrices are F32 or BF16.");
        }

        long blocks = (outputs + BlockOutputs - 1) / BlockOutputs;
        return ((Padded(inputs) * (long)rank) + (blocks * BlockOutputs * rank)) * type.Size();
    }

    /// <summary>Sets a row of A.</summary>
    /// <param name="row">0 to rank - 1.</param>
    /// <param name="source">[inputs] elements of <paramref name="from"/>.</param>
    /// <param name="from">F32, BF16 or F16.</param>
    public void SetA(int row, ReadOnlySpan<byte> source, ElementType from)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rank, nameof(row));
        CheckLength(source, from, Inputs);
        fixed (byte* bytes = source)
        {
            Conversion.Convert(bytes, from, A(row), Type, Inputs);
        }
    }

    /// <summary>Sets a row of B.</summary>
    /// <param name="row">0 to outputs - 1.</param>
    /// <param name="source">[rank] elements of <paramref name="from"/>.</param>
    /// <param name="from">F32, BF16 or F16.</param>
    public void SetB(int row, ReadOnlySpan<byte> source, ElementType from)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Outputs, nameof(row));
        CheckLength(source, from, Rank);
        byte* block = B(row / BlockOutputs) + (row % BlockOutputs * Type.Size());
        fixed (byte* bytes = source)
        {
            for (int j = 0; j < Rank; j++)
            {
                Conversion.Convert(bytes + (j * from.Size()), from, block + ((long)j * BlockOutputs * Type.Size()), Type, 1);
            }
        }
    }

    internal byte* A(int row) => _storage.Pointer + _offset + (row * AStride);

    internal byte* B(int block) => _storage.Pointer + _offset + (Rank * AStride) + ((long)block * BlockOutputs * Rank * Type.Size());

    private static int Padded(int inputs) => (inputs + InputAlignment - 1) / InputAlignment * InputAlignment;

    private static void CheckLength(ReadOnlySpan<byte> source, ElementType from, int count)
    {
        if (source.Length != (long)count * from.Size())
        {
            throw new ArgumentException($"{source.Length} bytes for {count} elements of {from}.", nameof(source));
        }
    }
}
