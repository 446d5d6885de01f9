using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>
/// The online softmax of the query rows of a tile of positions. It turns scores into probabilities relative to the largest score so far, and
/// scales earlier sums of a row if that has grown. It does not know the cache. The order of sums is the same with every vector width.
/// </summary>
internal readonly unsafe ref struct TileSoftmax
{
    /// <summary>Positions of a tile, the distance between rows of <see cref="Scores"/> and of <see cref="Probabilities"/> in floats.</summary>
    public const int Positions = 4 * KvBlocks.Positions;

    /// <summary>Scores as exponents of 2. Scores that are scaled or hidden are overwritten.</summary>
    public required float* Scores { get; init; }

    /// <summary>Receives probabilities, in the format of <see cref="Type"/> and <see cref="Widened"/>.</summary>
    public required float* Probabilities { get; init; }

    /// <summary>Scales of the keys [128], then of the values [128] of the tile, or null. They multiply scores and probabilities.</summary>
    public required float* Scales { get; init; }

    /// <summary>Number of positions with scores, a multiple of 32.</summary>
    public required int Width { get; init; }

    /// <summary>F32 or BF16.</summary>
    public required ElementType Type { get; init; }

    /// <summary>Whether probabilities are stored as float32 although they are rounded to bfloat16.</summary>
    public required bool Widened { get; init; }

    /// <summary>Largest score of each row so far, updated.</summary>
    public required float* Max { get; init; }

    /// <summary>Sum of the probabilities of each row so far, updated.</summary>
    public required float* ExpSum { get; init; }

    /// <summary>Scratch memory, a float for each row.</summary>
    public required float* NextMax { get; init; }

    /// <summary>Sums of values of each row so far. A row whose largest score has grown is scaled.</summary>
    public required float* Sums { get; init; }

    /// <summary>Columns of <see cref="Sums"/>, a multiple of 16.</summary>
    public required int Columns { get; init; }

    private static bool Halves => !Vector512.IsHardwareAccelerated && Vector256.IsHardwareAccelerated;

    /// <summary>Computes the probabilities of rows.</summary>
    /// <param name="from">First row.</param>
    /// <param name="to">The row after the last.</param>
    /// <param name="visible">Number of positions, counted from the first of the tile, that row 0 may see. The others get the probability 0.</param>
    /// <param name="group">Number of consecutive rows that see equally many; the next ones see one more. Row 0 begins a group.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int from, int to, int visible, int group)
    {
        // One loop for each phase, so that the reductions of a row do not wait for those of another.
        for (int row = from; row < to; row++)
        {
            FindMax(row, visible + (row / group));
        }

        for (int row = from; row < to; row++)
        {
            Exponentiate(row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void FindMax(int row, int visible)
    {
        float* scores = Scores + (row * (long)Positions);
        int width = Width;
        if (Scales is not null || visible < width)
        {
            ScaleAndHide(scores, visible);
        }

        if (Halves)
        {
            NextMax[row] = FindMaxByHalves(scores, width, Max[row]);
            return;
        }

        Vector512<float> even = Vector512.Create(Max[row]);
        Vector512<float> odd = even;
        for (int i = 0; i < width; i += 32)
        {
            even = Vector512.MaxNative(even, Vector512.Load(scores + i));
            odd = Vector512.MaxNative(odd, Vector512.Load(scores + i + 16));
        }

        NextMax[row] = VectorMath.Max(Vector512.MaxNative(even, odd));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Exponentiate(int row)
    {
        float* scores = Scores + (row * (long)Positions);
        float* probabilities = Probabilities + (row * (long)Positions);
        float max = Max[row];
        float nextMax = NextMax[row];
        float sum = Halves ? ExponentiateByHalves(scores, probabilities, nextMax) : ExponentiateAll(scores, probabilities, nextMax);

        // 2^0 is exactly 1, and in long contexts the largest score rarely grows.
        float factor = max == nextMax ? 1 : VectorMath.Exp2(Vector512.Create(max - nextMax)).ToScalar();
        ExpSum[row] = (ExpSum[row] * factor) + sum;
        Max[row] = nextMax;
        if (factor != 1f)
        {
            float* sums = Sums + (row * (long)Columns);
            Vector512<float> f = Vector512.Create(factor);
            for (int i = 0; i < Columns; i += 16)
            {
                (Vector512.Load(sums + i) * f).Store(sums + i);
            }
        }
    }

    // Returns the sum of the row's probabilities.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float ExponentiateAll(float* scores, float* probabilities, float nextMax)
    {
        float* scales = Scales;
        int width = Width;
        Vector512<float> subtract = Vector512.Create(nextMax);
        Vector512<float> evenTotal = default;
        Vector512<float> oddTotal = default;
        for (int i = 0; i < width; i += 32)
        {
            Vector512<float> even = VectorMath.Exp2(Vector512.Load(scores + i) - subtract);
            evenTotal += even;
            even = scales is null ? even : even * Vector512.Load(scales + Positions + i);
            Vector512<float> odd = VectorMath.Exp2(Vector512.Load(scores + i + 16) - subtract);
            oddTotal += odd;
            odd = scales is null ? odd : odd * Vector512.Load(scales + Positions + i + 16);
            if (Type == ElementType.F32 || Widened || !Avx512BW.IsSupported)
            {
                Store(even, probabilities, i);
                Store(odd, probabilities, i + 16);
            }
            else
            {
                StorePair(even, odd, (ushort*)probabilities + i);
            }
        }

        return VectorMath.Sum(evenTotal + oddTotal);
    }

    private static float FindMaxByHalves(float* scores, int width, float max)
    {
        Vector256<float> first = Vector256.Create(max), second = first, third = first, fourth = first;
        for (int i = 0; i < width; i += 32)
        {
            first = Vector256.MaxNative(first, Vector256.Load(scores + i));
            second = Vector256.MaxNative(second, Vector256.Load(scores + i + 8));
            third = Vector256.MaxNative(third, Vector256.Load(scores + i + 16));
            fourth = Vector256.MaxNative(fourth, Vector256.Load(scores + i + 24));
        }

        return VectorMath.Max(Vector256.MaxNative(Vector256.MaxNative(first, second), Vector256.MaxNative(third, fourth)));
    }

    // The lanes of a sum are those of ExponentiateAll, in two halves.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float ExponentiateByHalves(float* scores, float* probabilities, float nextMax)
    {
        float* scales = Scales is null ? null : Scales + Positions;
        int width = Width;
        Vector256<float> subtract = Vector256.Create(nextMax);
        Vector256<float> evenLower = default, evenUpper = default, oddLower = default, oddUpper = default;
        for (int i = 0; i < width; i += 32)
        {
            Exponentiate16(scores, probabilities, scales, i, subtract, ref evenLower, ref evenUpper);
            Exponentiate16(scores, probabilities, scales, i + 16, subtract, ref oddLower, ref oddUpper);
        }

        return VectorMath.Sum(evenLower + oddLower, evenUpper + oddUpper);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Exponentiate16(
        float* scores, float* probabilities, float* scales, int i, Vector256<float> subtract, ref Vector256<float> lowerTotal, ref Vector256<float> upperTotal)
    {
        Vector256<float> lower = VectorMath.Exp2(Vector256.Load(scores + i) - subtract);
        Vector256<float> upper = VectorMath.Exp2(Vector256.Load(scores + i + 8) - subtract);
        lowerTotal += lower;
        upperTotal += upper;
        if (scales is not null)
        {
            lower *= Vector256.Load(scales + i);
            upper *= Vector256.Load(scales + i + 8);
        }

        if (Type == ElementType.F32)
        {
            lower.Store(probabilities + i);
            upper.Store(probabilities + i + 8);
        }
        else if (Widened)
        {
            Conversion.RoundToBf16(lower).Store(probabilities + i);
            Conversion.RoundToBf16(upper).Store(probabilities + i + 8);
        }
        else
        {
            Conversion.StoreBf16(lower, upper, (ushort*)probabilities + i);
        }
    }

    private void ScaleAndHide(float* scores, int visible)
    {
        if (Halves)
        {
            ScaleAndHideByHalves(scores, visible);
            return;
        }

        Vector512<int> lanes = Vector512<int>.Indices;
        Vector512<float> hidden = Vector512.Create(float.NegativeInfinity);
        for (int i = 0; i < Width; i += 16)
        {
            Vector512<float> seen = Vector512.LessThan(lanes + Vector512.Create(i), Vector512.Create(visible)).AsSingle();
            Vector512<float> score = Vector512.Load(scores + i);
            if (Scales is not null)
            {
                score *= Vector512.Load(Scales + i);
            }

            Vector512.ConditionalSelect(seen, score, hidden).Store(scores + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScaleAndHideByHalves(float* scores, int visible)
    {
        Vector256<float> hidden = Vector256.Create(float.NegativeInfinity);
        for (int i = 0; i < Width; i += 8)
        {
            Vector256<float> seen = Vector256.LessThan(Vector256<int>.Indices + Vector256.Create(i), Vector256.Create(visible)).AsSingle();
            Vector256<float> score = Vector256.Load(scores + i);
            if (Scales is not null)
            {
                score *= Vector256.Load(Scales + i);
            }

            Vector256.ConditionalSelect(seen, score, hidden).Store(scores + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Store(Vector512<float> values, float* probabilities, int i)
    {
        if (Type == ElementType.F32)
        {
            values.Store(probabilities + i);
        }
        else if (Widened)
        {
            Conversion.RoundToBf16(values).Store(probabilities + i);
        }
        else
        {
            Conversion.StoreBf16(values, (ushort*)probabilities + i);
        }
    }

    // Rounds to nearest, ties to even. A probability that is NaN may become a number here, but it makes the sum of its row NaN, and so all
    // outputs. The NaN of a scale has a zero lower half and stays NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePair(Vector512<float> first, Vector512<float> second, ushort* target)
    {
        Vector512<ushort> upperHalves = (Vector512<ushort>.Indices << 1) + Vector512<ushort>.One;
        Avx512BW.PermuteVar32x16x2(RoundedUp(first), upperHalves, RoundedUp(second)).Store(target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> RoundedUp(Vector512<float> value)
    {
        Vector512<uint> bits = value.AsUInt32();
        return (bits + Vector512.Create(0x7FFFu) + ((bits >> 16) & Vector512.Create(1u))).AsUInt16();
    }
}
