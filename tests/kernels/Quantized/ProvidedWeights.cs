using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Isa;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Tests.Support;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Tests.Quantized;

/// <summary>Random weights with zero points, or 8-bit floats with block scales, that are packed from a provider.</summary>
internal sealed class ProvidedWeights : IRowProvider
{
    private readonly int _columns;
    private readonly ElementType _type;
    private readonly byte[] _codes;
    private readonly float[] _scales;
    private readonly byte[] _zeroPoints;

    public ProvidedWeights(int rows, int columns, ElementType type, int seed)
    {
        Random random = new(seed);
        (Rows, _columns, _type) = (rows, columns, type);
        int codes = type == ElementType.U4 ? 16 : 256;
        _codes = [.. Enumerable.Range(0, rows * columns).Select(_ => (byte)random.Next(codes))];
        if (type == ElementType.F8E4M3Block)
        {
            for (int i = 0; i < _codes.Length; i++)
            {
                _codes[i] = (_codes[i] & 0x7F) == 0x7F ? (byte)0 : _codes[i];
            }
        }

        // Values that float16 represents exactly, also 16 times as large.
        _scales = [.. Enumerable.Range(0, rows * ScalesPerRow).Select(_ => random.Next(-1024, 1024) / 65536f)];
        _zeroPoints = [.. Enumerable.Range(0, rows * ScalesPerRow).Select(_ => (byte)random.Next(codes))];
    }

    public int Rows { get; }

    public int GroupColumns => _type == ElementType.F8E4M3Block ? 128 : 32;

    public int ScalesPerRow => (_columns + GroupColumns - 1) / GroupColumns;

    public (nint Address, long Bytes) Extent => (1, 0);

    private int RowBytes => _type == ElementType.U4 ? (_columns + 1) / 2 : _columns;

    public int Code(int row, int column) => _codes[(row * _columns) + column];

    public float Scale(int row, int column) => _scales[(row * ScalesPerRow) + (column / GroupColumns)];

    public int ZeroPoint(int row, int column) => _zeroPoints[(row * ScalesPerRow) + (column / GroupColumns)];

    /// <summary>Sets every zero point of a row.</summary>
    public void SetZeroPoint(int row, byte value) => _zeroPoints.AsSpan(row * ScalesPerRow, ScalesPerRow).Fill(value);

    public PackedWeights Pack(InstructionSet isa, WorkerPool pool, bool generate = true) =>
        PackedWeights.Pack([new SourceRows(1, RowBytes, Rows, _type) { Provider = this }], Rows, _columns, _type, isa, pool, generate);

    public void Read(int first, int count, Span<byte> codes, Span<float> scales, Span<byte> zeroPoints)
    {
        for (int row = 0; row < count; row++)
        {
            Span<byte> target = codes.Slice(row * RowBytes, RowBytes);
            target.Clear();
            for (int column = 0; column < _columns; column++)
            {
                int code = Code(first + row, column);
                if (_type == ElementType.U4)
                {
                    target[column / 2] |= (byte)(code << (column % 2 * 4));
                }
                else
                {
                    target[column] = (byte)code;
                }
            }
        }

        _scales.AsSpan(first * ScalesPerRow, count * ScalesPerRow).CopyTo(scales);
        if (zeroPoints.Length > 0)
        {
            _zeroPoints.AsSpan(first * ScalesPerRow, count * ScalesPerRow).CopyTo(zeroPoints);
        }
    }
}
