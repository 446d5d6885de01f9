using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>Reads source rows of any type as float32, quantised ones times their scale. The same values on every instruction set.</summary>
internal static unsafe class RowValues
{
    /// <summary>Values of columns [first, first + count).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(in LaneRow row, int first, int count, float* values)
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

    /// <summary>A scale of the row: its only one, or that of a group.</summary>
    public static float Scale(in LaneRow row, int group)
    {
        float scale;
        byte* at = (byte*)row.Scale + (group * row.ScaleType.Size());
        Conversion.Convert(at, row.ScaleType, (byte*)&scale, ElementType.F32, 1);
        return scale;
    }

    /// <summary>The largest magnitude of the row; NaN or infinity where it holds one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float LargestMagnitude(in LaneRow row, int columns)
    {
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

    /// <summary>The bits of the largest magnitude as a float32. As integers they order like the magnitudes, with NaN above all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint MagnitudeBits(byte* values, ElementType type, int count)
    {
        Vector512<uint> largest = default;
        int i = 0;
        for (; i <= count - 16; i += 16)
        {
            Vector512<float> value = type == ElementType.F32 ? Vector512.Load((float*)values + i) : Conversion.Load16((ushort*)values + i);
            largest = Vector512.Max(largest, value.AsUInt32() & Vector512.Create(0x7FFFFFFFu));
        }

        uint result = 0;
        for (int lane = 0; lane < 16; lane++)
        {
            result = Math.Max(result, largest[lane]);
        }

        for (; i < count; i++)
        {
            float value = type == ElementType.F32 ? ((float*)values)[i] : Conversion.ToSingle(((ushort*)values)[i]);
            result = Math.Max(result, BitConverter.SingleToUInt32Bits(value) & 0x7FFFFFFF);
        }

        return result;
    }
}
