using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Finds 4-bit codes for a group of 32 columns of 16 rows: for each row the float16 scale with the least squared error among some
/// tries, then the nearest codes under it. The same bytes on every instruction set. It does not know where the group lies.
/// </summary>
internal static unsafe class GroupQuantizer
{
    // Codes without their offset.
    private const float Lowest = -8f;
    private const float Highest = 7f;

    // 1.5 * 2^23: adding it rounds to an integer, ties to even, left in the low mantissa bits.
    private const float RoundingMagic = 12582912f;

    // The largest magnitude that a float16 scale can express; a row with more, or with a NaN or an infinity, gets the scale NaN.
    private const float Largest = 65504f * 8;

    // Far less than what the smallest scale can express.
    private const float Negligible = 1f / (1 << 30);

    // What the value of the largest magnitude is brought to before it is limited to -8 .. 7: beyond them it is cut off, and the others
    // get finer steps. For each try, the scale that fits its codes best is then taken.
    private static ReadOnlySpan<float> Tries => [-7f, -7.5f, -8f, -8.5f, -9f, -9.5f, -10f, 6.5f, 7f, 7.5f, 8f, 8.5f, 9f];

    /// <summary>Quantises a group.</summary>
    /// <param name="values">Of 32 columns the values of 16 rows, [column][row].</param>
    /// <param name="words">Receives 4 words of 16 rows, as <see cref="FourBitGroups"/> defines them.</param>
    /// <param name="wordStride">Elements from one word's rows to the next one's.</param>
    /// <param name="scales">Receives 16 float16 scales.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize(float* values, uint* words, int wordStride, Half* scales)
    {
        float* codes = stackalloc float[FourBitGroups.Columns * PanelKernels.PanelRows];
        Vector512<float> extreme = Extreme(values);
        Vector512<float> magnitude = Vector512.Abs(extreme);
        Vector512<float> some = Vector512.GreaterThan(magnitude, Vector512.Create(Negligible));
        Vector512<float> scale = default;
        Vector512<float> error = Vector512.Create(float.PositiveInfinity);

        // The plain scale, and the codes under it: nothing that is found below may be worse.
        Vector512<float> plain = Halves.Round16(extreme / Vector512.Create(Lowest));
        Code(values, Inverse(plain), codes, out _);
        Take(plain, Error(values, codes, plain), ref scale, ref error);
        foreach (float attempt in Tries)
        {
            Code(values, Vector512.ConditionalSelect(some, Vector512.Create(attempt) / extreme, default), codes, out Vector512<float> fit);
            Vector512<float> fitted = Halves.Round16(fit);
            Take(fitted, Error(values, codes, fitted), ref scale, ref error);
        }

        Code(values, Inverse(scale), codes, out _);
        Vector512<float> good = Vector512.LessThanOrEqual(magnitude, Vector512.Create(Largest));
        Write(codes, good, words, wordStride);
        Halves.Store16(Vector512.ConditionalSelect(good, scale, Vector512.Create(float.NaN)), (ushort*)scales);
    }

    /// <summary>The value of the largest magnitude; NaN where there is one.</summary>
    private static Vector512<float> Extreme(float* values)
    {
        Vector512<uint> largest = default;
        Vector512<float> extreme = default;
        for (int column = 0; column < FourBitGroups.Columns; column++)
        {
            // As integers, magnitudes order like their values, with NaN above all.
            Vector512<float> value = Vector512.Load(values + (column * PanelKernels.PanelRows));
            Vector512<uint> bits = value.AsUInt32() & Vector512.Create(0x7FFFFFFFu);
            extreme = Vector512.ConditionalSelect(Vector512.GreaterThan(bits, largest).AsSingle(), value, extreme);
            largest = Vector512.Max(largest, bits);
        }

        return extreme;
    }

    // Codes of the values times a factor, and the scale that fits these codes best (NaN where all are zero).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Code(float* values, Vector512<float> factor, float* codes, out Vector512<float> fit)
    {
        Vector512<float> magic = Vector512.Create(RoundingMagic);
        Vector512<float> products = default;
        Vector512<float> squares = default;
        for (int i = 0; i < FourBitGroups.Columns * PanelKernels.PanelRows; i += PanelKernels.PanelRows)
        {
            Vector512<float> value = Vector512.Load(values + i);
            Vector512<float> limited = Vector512.MinNative(Vector512.MaxNative(value * factor, Vector512.Create(Lowest)), Vector512.Create(Highest));
            Vector512<float> code = limited + magic - magic;
            code.Store(codes + i);
            products = Vector512.FusedMultiplyAdd(code, value, products);
            squares = Vector512.FusedMultiplyAdd(code, code, squares);
        }

        fit = products / squares;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Error(float* values, float* codes, Vector512<float> scale)
    {
        Vector512<float> sum = default;
        Vector512<float> negative = -scale;
        for (int i = 0; i < FourBitGroups.Columns * PanelKernels.PanelRows; i += PanelKernels.PanelRows)
        {
            Vector512<float> difference = Vector512.FusedMultiplyAdd(Vector512.Load(codes + i), negative, Vector512.Load(values + i));
            sum = Vector512.FusedMultiplyAdd(difference, difference, sum);
        }

        return sum;
    }

    // A comparison with NaN is false: such a scale is not taken.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take(Vector512<float> scale, Vector512<float> error, ref Vector512<float> best, ref Vector512<float> least)
    {
        Vector512<float> better = Vector512.LessThan(error, least);
        best = Vector512.ConditionalSelect(better, scale, best);
        least = Vector512.ConditionalSelect(better, error, least);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Inverse(Vector512<float> scale) =>
        Vector512.ConditionalSelect(Vector512.Equals(scale, default), default, Vector512<float>.One / scale);

    private static void Write(float* codes, Vector512<float> good, uint* words, int wordStride)
    {
        Vector512<float> zero = Vector512.Create(RoundingMagic + FourBitGroups.Zero);
        for (int word = 0; word < FourBitGroups.WordsPerRow; word++, words += wordStride)
        {
            Vector512<uint> packed = default;
            for (int i = 0; i < 8; i++)
            {
                Vector512<float> code = Vector512.Load(codes + (((word * 8) + i) * PanelKernels.PanelRows));
                Vector512<uint> bits = Vector512.ConditionalSelect(good, code + zero, zero).AsUInt32() & Vector512.Create(0xFu);
                packed |= bits << (i < 4 ? i * 8 : ((i - 4) * 8) + 4);
            }

            packed.Store(words);
        }
    }
}
