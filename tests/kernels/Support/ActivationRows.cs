using System.Runtime.InteropServices;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using Xunit;

namespace HunyuanOrleans.Kernels.Tests.Support;

/// <summary>Copies rows between arrays and activations, and checks their bits and padding.</summary>
internal static unsafe class ActivationRows
{
    /// <summary>Values of both signs whose magnitudes span a factor of a thousand, exactly representable in <paramref name="type"/>.</summary>
    public static float[] Random(int count, int seed, ElementType type = ElementType.F32, float scale = 1f)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            float value = (random.NextSingle() - 0.5f) * scale * MathF.Pow(10f, -3f * random.NextSingle() * random.NextSingle());
            values[i] = type == ElementType.BF16 ? Conversion.ToSingle(Conversion.ToBf16(value)) : value;
        }

        return values;
    }

    public static Activation Of(float[] values, int columns, ElementType type)
    {
        Activation rows = new(values.Length / columns, columns, type);
        for (int row = 0; row < rows.Rows; row++)
        {
            Set(rows, row, values.AsSpan(row * columns, columns));
        }

        return rows;
    }

    public static void Set(Activation rows, int row, ReadOnlySpan<float> values)
    {
        if (rows.Type == ElementType.F32)
        {
            values.CopyTo(rows.Row(row));
            return;
        }

        Span<ushort> target = MemoryMarshal.Cast<byte, ushort>(rows.RowBytes(row));
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = Conversion.ToBf16(values[i]);
        }
    }

    public static float[] Get(Activation rows, int row)
    {
        float[] values = new float[rows.Columns];
        Conversion.ToSingles(rows.RowBytes(row), rows.Type, values);
        return values;
    }

    /// <summary>Rows [first, first + count), one after the other.</summary>
    public static float[] Get(Activation rows, int first, int count)
    {
        float[] values = new float[count * rows.Columns];
        for (int i = 0; i < count; i++)
        {
            Conversion.ToSingles(rows.RowBytes(first + i), rows.Type, values.AsSpan(i * rows.Columns, rows.Columns));
        }

        return values;
    }

    public static void Fill(Activation rows, float value)
    {
        float[] line = new float[rows.Columns];
        Array.Fill(line, value);
        for (int row = 0; row < rows.Rows; row++)
        {
            Set(rows, row, line);
        }
    }

    /// <summary>Fails unless the padding after the last column of every row is still zero.</summary>
    public static void AssertPaddingIsZero(Activation rows)
    {
        int used = rows.Columns * rows.Type.Size();
        for (int row = 0; row < rows.Rows; row++)
        {
            ReadOnlySpan<byte> padding = new(rows.Address(row) + used, (int)rows.Stride - used);
            if (padding.ContainsAnyExcept((byte)0))
            {
                Assert.Fail($"The padding of row {row} of {rows.Type}[{rows.Rows}, {rows.Columns}] was written.");
            }
        }
    }

    public static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        if (MemoryMarshal.AsBytes(expected).SequenceEqual(MemoryMarshal.AsBytes(actual)))
        {
            return;
        }

        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
            {
                Assert.Fail($"{what}: value {i} is {actual[i]:R}, expected the same bits as {expected[i]:R}.");
            }
        }
    }
}
