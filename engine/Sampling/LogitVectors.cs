using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// Vector operations over a row of logits. They use 16 lanes with separate multiplications and additions on every CPU; the runtime splits
/// the vectors if the CPU's are narrower. The operations and their order are the same on any machine, so the bits are too.
/// </summary>
internal static class LogitVectors
{
    /// <summary>The largest value; NaN if the row contains one.</summary>
    public static float Max(ReadOnlySpan<float> row)
    {
        ReadOnlySpan<Vector512<float>> vectors = MemoryMarshal.Cast<float, Vector512<float>>(row);
        Vector512<float> a = Vector512.Create(float.NegativeInfinity), b = a;
        int v = 0;
        for (; v + 1 < vectors.Length; v += 2)
        {
            a = Vector512.Max(a, vectors[v]);
            b = Vector512.Max(b, vectors[v + 1]);
        }

        a = Vector512.Max(a, b);
        if (v < vectors.Length)
        {
            a = Vector512.Max(a, vectors[v]);
        }

        float max = float.NegativeInfinity;
        for (int lane = 0; lane < Vector512<float>.Count; lane++)
        {
            max = MathF.Max(max, a[lane]);
        }

        foreach (float value in row[(vectors.Length * Vector512<float>.Count)..])
        {
            max = MathF.Max(max, value);
        }

        return max;
    }

    /// <summary>The first index of <paramref name="value"/>, or -1.</summary>
    public static int FirstIndexOf(ReadOnlySpan<float> row, float value)
    {
        ReadOnlySpan<Vector512<float>> vectors = MemoryMarshal.Cast<float, Vector512<float>>(row);
        for (int v = 0; v < vectors.Length; v++)
        {
            ulong equal = Vector512.Equals(vectors[v], Vector512.Create(value)).ExtractMostSignificantBits();
            if (equal != 0)
            {
                return (v * Vector512<float>.Count) + BitOperations.TrailingZeroCount(equal);
            }
        }

        for (int i = vectors.Length * Vector512<float>.Count; i < row.Length; i++)
        {
            if (row[i] == value)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Sets weights[i] = exp((logits[i] - max) * scale) and returns their sum, added lane by lane in a fixed order.</summary>
    public static float ComputeWeights(ReadOnlySpan<float> logits, float max, float scale, Span<float> weights)
    {
        Vector512<float> maxima = Vector512.Create(max), scales = Vector512.Create(scale);
        ReadOnlySpan<Vector512<float>> input = MemoryMarshal.Cast<float, Vector512<float>>(logits);
        Span<Vector512<float>> output = MemoryMarshal.Cast<float, Vector512<float>>(weights[..logits.Length]);
        Vector512<float> sum = Vector512<float>.Zero;
        for (int v = 0; v < input.Length; v++)
        {
            Vector512<float> weight = Exp((input[v] - maxima) * scales);
            output[v] = weight;
            sum += weight;
        }

        int done = input.Length * Vector512<float>.Count;
        if (done < logits.Length)
        {
            Vector512<float> tail = Vector512.Create(float.NegativeInfinity);
            Span<float> lanes = MemoryMarshal.Cast<Vector512<float>, float>(new Span<Vector512<float>>(ref tail));
            logits[done..].CopyTo(lanes);
            tail = Exp((tail - maxima) * scales);
            sum += tail;
            lanes[..(logits.Length - done)].CopyTo(weights[done..]);
        }

        return SumLanes(sum);
    }

    /// <summary>
    /// Computes e^x for x at most 0 as 2^n times a polynomial in the remainder (Cephes, expf: Cody-Waite reduction, degree 6), accurate to
    /// 2 units in the last place. Returns 0 below -87, where the result would be subnormal.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer.
        Vector512<float> round = Vector512.Create(12582912f);
        Vector512<float> n = (x * Vector512.Create(1.44269504088896341f)) + round - round;
        Vector512<float> r = x - (n * Vector512.Create(0.693359375f)) - (n * Vector512.Create(-2.12194440e-4f));
        Vector512<float> p = Vector512.Create(1.9875691500e-4f);
        p = (p * r) + Vector512.Create(1.3981999507e-3f);
        p = (p * r) + Vector512.Create(8.3334519073e-3f);
        p = (p * r) + Vector512.Create(4.1665795894e-2f);
        p = (p * r) + Vector512.Create(1.6666665459e-1f);
        p = (p * r) + Vector512.Create(5.0000001201e-1f);
        p = (p * (r * r)) + r + Vector512<float>.One;
        Vector512<int> power = (Vector512.ConvertToInt32(n) + Vector512.Create(127)) << 23;
        Vector512<float> keep = Vector512.GreaterThanOrEqual(x, Vector512.Create(-87f));
        return Vector512.ConditionalSelect(keep, p * power.AsSingle(), Vector512<float>.Zero);
    }

    private static float SumLanes(Vector512<float> v)
    {
        Vector256<float> a = v.GetLower() + v.GetUpper();
        Vector128<float> b = a.GetLower() + a.GetUpper();
        return (b[0] + b[2]) + (b[1] + b[3]);
    }
}
