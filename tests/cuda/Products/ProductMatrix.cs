using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Packing;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Cuda.Tests.Products;

/// <summary>Random weights, their values after quantisation, and their packed bytes.</summary>
internal sealed unsafe class ProductMatrix
{
    private readonly float[] _source;

    public ProductMatrix(int rows, int columns, ElementType type, bool paired, int seed)
    {
        Layout = CudaMatrixLayout.Of(rows, columns, type, paired);
        Random random = new(seed);
        _source = [.. Enumerable.Range(0, rows * columns).Select(_ => (random.NextSingle() - 0.5f) * 2)];
        Values = Quantized(type, _source, rows, columns);
    }

    public CudaMatrixLayout Layout { get; }

    /// <summary>The values that a product has to use, [row][column].</summary>
    public double[] Values { get; }

    /// <summary>The packed matrix.</summary>
    public byte[] Pack()
    {
        CudaMatrixLayout layout = Layout;
        byte[] packed = new byte[layout.ByteLength];
        using WorkerPool pool = new(2, pin: false);
        using CudaMatrixPacker packer = new();
        fixed (float* source = _source)
        {
            SourceRows rows = new((nint)source, layout.Columns * sizeof(float), layout.Rows, ElementType.F32);
            packer.Pack(
                pool,
                layout,
                [rows],
                0,
                layout.RowTiles,
                packed.AsSpan(0, (int)layout.WeightBytes),
                packed.AsSpan((int)layout.ScaleOffset, (int)layout.ScaleBytes));
        }

        return packed;
    }

    private static double[] Quantized(ElementType type, float[] source, int rows, int columns)
    {
        if (!type.IsQuantized())
        {
            return [.. source.Select(value => (double)(type == ElementType.BF16 ? Bf16.Round(value) : value))];
        }

        int codeBytes = WeightQuantizer.CodeBytes(type, columns);
        int scaleBytes = WeightQuantizer.ScaleBytes(type, columns);
        byte[] codes = new byte[rows * codeBytes];
        byte[] scales = new byte[rows * scaleBytes];
        WeightQuantizer.Quantize(type, MemoryMarshal.AsBytes<float>(source), ElementType.F32, columns, codes, scales);
        double[] values = new double[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<byte> rowCodes = codes.AsSpan(row * codeBytes, codeBytes);
            ReadOnlySpan<byte> rowScales = scales.AsSpan(row * scaleBytes, scaleBytes);
            for (int column = 0; column < columns; column++)
            {
                values[(row * columns) + column] = type switch
                {
                    ElementType.I4 => (((rowCodes[column / 2] >> (column % 2 * 4)) & 0xF) - 8) * (double)MemoryMarshal.Cast<byte, Half>(rowScales)[column / 32],
                    ElementType.I8 => (sbyte)rowCodes[column] * (double)MemoryMarshal.Read<float>(rowScales),
                    _ => E4M3Value(rowCodes[column]) * MemoryMarshal.Read<float>(rowScales),
                };
            }
        }

        return values;
    }

    public static double E4M3Value(byte code)
    {
        int exponent = (code >> 3) & 0xF;
        double magnitude = exponent == 0 ? Math.ScaleB(code & 7, -9) : Math.ScaleB(8 + (code & 7), exponent - 10);
        return (code & 0x80) == 0 ? magnitude : -magnitude;
    }
}
