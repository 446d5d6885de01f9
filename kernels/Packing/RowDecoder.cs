using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Reads source rows of any type except I4 as float32. Quantised elements are multiplied by their scale. Every instruction set gives the same values.
/// </summary>
internal static unsafe class RowDecoder
{
    /// <summary>Reads columns [first, first + count) as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(in SourceRow row, int first, int count, float* values)
    {
        if (row.Address == 0)
        {
            new Span<float>(values, count).Clear();
            return;
        }

        if (!row.Type.IsQuantized())
        {
            Conversion.Convert((byte*)row.Address + ((long)first * row.Type.Size()), row.Type, (byte*)values, ElementType.F32, count);
            return;
        }

        float scale = Scale(row, 0);
        byte* codes = (byte*)row.Address + first;
        for (int i = 0; i < count; i++)
        {
            values[i] = (row.Type == ElementType.I8 ? (sbyte)codes[i] : E4M3.ToSingle(codes[i])) * scale;
        }
    }

    /// <summary>A scale of the row: the scale of a group for I4, otherwise the only one (group 0).</summary>
    public static float Scale(in SourceRow row, int group)
    {
        float scale;
        byte* at = (byte*)row.Scale + (group * row.ScaleType.Size());
        Conversion.Convert(at, row.ScaleType, (byte*)&scale, ElementType.F32, 1);
        return scale;
    }

    /// <summary>The largest magnitude in the row; NaN or infinity if the row contains one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float LargestMagnitude(in SourceRow row, int columns)
    {
        if (row.Type is ElementType.F32 or ElementType.BF16)
        {
            return BitConverter.UInt32BitsToSingle(MagnitudeBits((byte*)row.Address, row.Type, columns));
        }

        const int Chunk = 256;
        float* values = stackalloc float[Chunk];
        uint largest = 0;
        for (int first = 0; first < columns; first += Chunk)
        {
            int count = Math.Min(Chunk, columns - first);
            Read(row, first, count, values);
            largest = Math.Max(largest, MagnitudeBits((byte*)values, ElementType.F32, count));
        }

        return BitConverter.UInt32BitsToSingle(largest);
    }

    /// <summary>The float32 bits of the largest magnitude. Compared as integers, magnitudes have the order of their values, with NaN above all others.</summary>
    public static uint MagnitudeBits(byte* values, ElementType type, int count)
    {
        return type == ElementType.BF16
            ? (uint)Largest((ushort*)values, (ushort)0x7FFF, count) << 16
            : Largest((uint*)values, 0x7FFFFFFFu, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Largest<T>(T* values, T magnitude, int count)
        where T : unmanaged, IBinaryInteger<T>
    {
        Vector512<T> mask = Vector512.Create(magnitude), largestLanes = default;
        int i = 0;
        for (; i <= count - Vector512<T>.Count; i += Vector512<T>.Count)
        {
            largestLanes = Vector512.Max(largestLanes, Vector512.Load(values + i) & mask);
        }

        T* lanes = stackalloc T[Vector512<T>.Count];
        largestLanes.Store(lanes);
        T largest = T.Zero;
        for (int lane = 0; lane < Vector512<T>.Count; lane++)
        {
            largest = T.Max(largest, lanes[lane]);
        }

        for (; i < count; i++)
        {
            largest = T.Max(largest, values[i] & magnitude);
        }

        return largest;
    }
}
