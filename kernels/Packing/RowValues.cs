using System.Numerics;
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
        Vector512<T> mask = Vector512.Create(magnitude), most = default;
        int i = 0;
        for (; i <= count - Vector512<T>.Count; i += Vector512<T>.Count)
        {
            most = Vector512.Max(most, Vector512.Load(values + i) & mask);
        }

        T* lanes = stackalloc T[Vector512<T>.Count];
        most.Store(lanes);
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
