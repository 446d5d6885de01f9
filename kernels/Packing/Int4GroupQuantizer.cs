using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Quantises a group of 32 columns of 16 rows to 4 bits. For each row it takes, among several candidates, the float16 scale with the
/// least squared error, and then the nearest codes. Every instruction set gives the same bytes.
/// </summary>
internal static unsafe class Int4GroupQuantizer
{
    // The lowest code without its offset of 8.
    private const float Lowest = -8f;

    // 1.5 * 2^23: adding it leaves an integer in the low mantissa bits.
    private const float RoundingMagic = 12582912f;

    // The largest magnitude that a float16 scale can express. A row with a larger one, a NaN or an infinity gets the scale NaN.
    private const float Largest = 65504f * 8;

    // Far smaller than the smallest value that a float16 scale can express.
    private const float Negligible = 1f / (1 << 30);

    private const int Rows = Int4CandidateSearch.Rows;

    // The first eight candidates are pairs of opposites.
    private const int Opposites = 8;

    // Each candidate is the code, before it is limited to -8 .. 7, that the value of the largest magnitude gets. Candidates outside that range
    // clip this value and give the others finer steps. For the codes of each candidate, the best fitting scale is then tried. 7 would give the
    // codes and the scale of -7 with opposite signs, so it is never better.
    private static ReadOnlySpan<float> CandidateCodes => [-7.5f, 7.5f, -8f, 8f, -8.5f, 8.5f, -9f, 9f, -7f, 6.5f, -9.5f, -10f];

    // Of candidates with equal errors, the first in this order is taken. These are indices of CandidateCodes.
    private static ReadOnlySpan<int> Preference => [8, 0, 2, 4, 6, 10, 11, 9, 1, 3, 5, 7];

    /// <summary>Quantises a group.</summary>
    /// <param name="values">The values, [32 columns][16 rows].</param>
    /// <param name="words">Receives 4 words of 16 rows, as <see cref="Int4GroupLayout"/> defines them.</param>
    /// <param name="wordStride">Elements from the rows of one word to those of the next.</param>
    /// <param name="scales">Receives 16 float16 scales.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize(float* values, uint* words, int wordStride, Half* scales)
    {
        float* codes = stackalloc float[Int4CandidateSearch.Candidates * Int4CandidateSearch.Codes];
        float* fits = stackalloc float[CandidateCodes.Length * Rows];
        float* errors = stackalloc float[CandidateCodes.Length * Rows];
        float* factor = stackalloc float[Rows];
        Vector512<float> extreme = LargestByMagnitude(values);
        Vector512<float> magnitude = Vector512.Abs(extreme);

        // Start with the plain scale, so that the result is never worse than that.
        Vector512<float> scale = default;
        Vector512<float> least = Vector512.Create(float.PositiveInfinity);
        Vector512<float> plain = Float16.Round16(extreme / Vector512.Create(Lowest));
        Reciprocal(plain).Store(factor);
        Int4CandidateSearch.Encode(values, factor, codes);
        KeepBetter(plain, Error(values, codes, plain), ref scale, ref least);
        Search(values, extreme, codes, fits, errors);
        foreach (int candidate in Preference)
        {
            KeepBetter(Vector512.Load(fits + (candidate * Rows)), Vector512.Load(errors + (candidate * Rows)), ref scale, ref least);
        }

        Reciprocal(scale).Store(factor);
        Int4CandidateSearch.Encode(values, factor, codes);
        Vector512<float> representable = Vector512.LessThanOrEqual(magnitude, Vector512.Create(Largest));
        Write(codes, representable, words, wordStride);
        Float16.Store16(Vector512.ConditionalSelect(representable, scale, Vector512.Create(float.NaN)), (ushort*)scales);
    }

    // Finds the float16 scale and the error of each candidate.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Search(float* values, Vector512<float> extreme, float* codes, float* fits, float* errors)
    {
        float* factors = stackalloc float[Int4CandidateSearch.Candidates * Rows];
        Vector512<float> significant = Vector512.GreaterThan(Vector512.Abs(extreme), Vector512.Create(Negligible));
        for (int first = 0; first < CandidateCodes.Length; first += Int4CandidateSearch.Candidates)
        {
            for (int i = 0; i < Int4CandidateSearch.Candidates; i++)
            {
                Vector512<float> candidate = Vector512.Create(CandidateCodes[first + i]);
                Vector512.ConditionalSelect(significant, candidate / extreme, default).Store(factors + (i * Rows));
            }

            float* found = fits + (first * Rows);
            for (int i = 0; i < Int4CandidateSearch.Candidates; i += 2)
            {
                Int4CandidateSearch.Fit(values, factors + (i * Rows), first < Opposites, codes + (i * Int4CandidateSearch.Codes), found + (i * Rows));
            }

            for (int i = 0; i < Int4CandidateSearch.Candidates; i++)
            {
                Float16.Round16(Vector512.Load(found + (i * Rows))).Store(found + (i * Rows));
            }

            Int4CandidateSearch.Errors(values, codes, found, errors + (first * Rows));
        }

        for (int second = 1; second < Opposites; second += 2)
        {
            (-Vector512.Load(fits + (second * Rows))).Store(fits + (second * Rows));
        }
    }

    /// <summary>The value with the largest magnitude in each row; NaN if the row contains one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> LargestByMagnitude(float* values)
    {
        Vector512<uint> largest = default;
        Vector512<float> extreme = default;
        for (int column = 0; column < Int4GroupLayout.Columns; column++)
        {
            // Compared as integers, magnitudes have the order of their values, with NaN above all others.
            Vector512<float> value = Vector512.Load(values + (column * PanelKernels.PanelRows));
            Vector512<uint> bits = value.AsUInt32() & Vector512.Create(0x7FFFFFFFu);
            extreme = Vector512.ConditionalSelect(Vector512.GreaterThan(bits, largest).AsSingle(), value, extreme);
            largest = Vector512.Max(largest, bits);
        }

        return extreme;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Error(float* values, float* codes, Vector512<float> scale)
    {
        Vector512<float> sum = default;
        Vector512<float> negative = -scale;
        for (int i = 0; i < Int4CandidateSearch.Codes; i += Rows)
        {
            Vector512<float> difference = Vector512.FusedMultiplyAdd(Vector512.Load(codes + i), negative, Vector512.Load(values + i));
            sum = Vector512.FusedMultiplyAdd(difference, difference, sum);
        }

        return sum;
    }

    // A comparison with NaN is false, so a NaN error never wins.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void KeepBetter(Vector512<float> scale, Vector512<float> error, ref Vector512<float> best, ref Vector512<float> least)
    {
        Vector512<float> better = Vector512.LessThan(error, least);
        best = Vector512.ConditionalSelect(better, scale, best);
        least = Vector512.ConditionalSelect(better, error, least);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Reciprocal(Vector512<float> scale) =>
        Vector512.ConditionalSelect(Vector512.Equals(scale, default), default, Vector512<float>.One / scale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(float* codes, Vector512<float> representable, uint* words, int wordStride)
    {
        Vector512<float> zero = Vector512.Create(RoundingMagic + Int4GroupLayout.Zero);
        for (int word = 0; word < Int4GroupLayout.WordsPerRow; word++, words += wordStride)
        {
            Vector512<uint> packed = default;
            for (int i = 0; i < 8; i++)
            {
                Vector512<float> code = Vector512.Load(codes + (((word * 8) + i) * PanelKernels.PanelRows));
                Vector512<uint> bits = Vector512.ConditionalSelect(representable, code + zero, zero).AsUInt32() & Vector512.Create(0xFu);
                packed |= bits << (i < 4 ? i * 8 : ((i - 4) * 8) + 4);
            }

            packed.Store(words);
        }
    }
}
