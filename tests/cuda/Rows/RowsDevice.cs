using System.Runtime.InteropServices;
using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Cuda.Rows;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Cuda.Tests.Rows;

/// <summary>A device with what the tests of rows need.</summary>
public sealed class RowsDevice : TestDevice
{
    // A small half makes copies of a few rows take several pieces.
    private const int HalfBytes = 1 << 20;

    public RowsDevice()
    {
        Staging = new RowStaging(Driver, Stream, HalfBytes);
        Operations = new RowOperations(Driver, Loader, Stream);
    }

    internal RowStaging Staging { get; }

    internal RowOperations Operations { get; }

    /// <summary>Rounds to the nearest value that a type can hold.</summary>
    public static float Rounded(float value, ElementType type)
        => type == ElementType.F32 ? value : Conversion.ToSingle(Conversion.ToBf16(value));

    /// <summary>Random values around 0 that a type can hold.</summary>
    public static float[] Values(int count, int seed, ElementType type = ElementType.F32)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Rounded(((float)random.NextDouble() * 4) - 2, type))];
    }

    internal CudaActivation Rows(int rows, int columns, ElementType type = ElementType.F32) => new(Driver, Staging, rows, columns, type);

    internal CudaActivation Rows(float[] values, int columns, ElementType type = ElementType.F32)
    {
        CudaActivation rows = Rows(values.Length / columns, columns, type);
        byte[] bytes = type == ElementType.F32
            ? MemoryMarshal.AsBytes(values.AsSpan()).ToArray()
            : MemoryMarshal.AsBytes(values.Select(Conversion.ToBf16).ToArray().AsSpan()).ToArray();
        rows.CopyIn(0, rows.Rows, bytes);
        return rows;
    }

    internal CudaArray<T> Array<T>(T[] values)
        where T : unmanaged
    {
        CudaArray<T> array = new(Driver, Staging, values.Length);
        array.CopyIn(values);
        return array;
    }

    /// <summary>The values of rows, after a check that their padding is zero.</summary>
    internal float[] Read(CudaActivation activation, int rows)
    {
        byte[] raw = new byte[rows * activation.Stride];
        Staging.CopyOut(activation.Address, raw, activation.Stride, activation.Stride);
        float[] values = new float[rows * activation.Columns];
        for (int row = 0; row < rows; row++)
        {
            Span<byte> bytes = raw.AsSpan(row * activation.Stride, activation.Stride);
            Conversion.ToSingles(bytes, activation.Type, values.AsSpan(row * activation.Columns, activation.Columns));
            if (bytes[activation.RowLength..].ContainsAnyExcept((byte)0))
            {
                throw new InvalidOperationException($"The padding of row {row} is not zero.");
            }
        }

        return values;
    }

    private protected override void Release() => Staging.Dispose();
}
