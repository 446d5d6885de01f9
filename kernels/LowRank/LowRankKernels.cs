using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Kernels.LowRank;

/// <summary>
/// The two products of a low-rank matrix. Each result is one sum in an order that depends on its own row alone: over the inputs in 32 lanes that are added at
/// the end, and over the ranks one by one.
/// </summary>
internal static unsafe class LowRankKernels
{
    /// <summary>Ranks that one call of <see cref="Shrink"/> computes.</summary>
    public const int RanksAtOnce = 4;

    /// <summary>t[i] = A[i] x for up to four consecutive rows of A. Rows are padded with zeros to 32 inputs in A and to 64 bytes in x.</summary>
    /// <param name="a">First row of A.</param>
    /// <param name="stride">Bytes from one row of A to the next.</param>
    /// <param name="aType">F32 or BF16.</param>
    /// <param name="x">The inputs.</param>
    /// <param name="xType">F32 or BF16.</param>
    /// <param name="inputs">Number of inputs.</param>
    /// <param name="ranks">Number of rows of A, 1 to 4.</param>
    /// <param name="t">Receives the results.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Shrink(byte* a, long stride, ElementType aType, byte* x, ElementType xType, int inputs, int ranks, float* t)
    {
        // Rows that are not there repeat the last one, and their results are dropped.
        byte* a1 = a + (Math.Min(1, ranks - 1) * stride), a2 = a + (Math.Min(2, ranks - 1) * stride), a3 = a + (Math.Min(3, ranks - 1) * stride);
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default, u0 = default, u1 = default, u2 = default, u3 = default;
        int i = 0;
        for (; i + 16 < inputs; i += 32)
        {
            Vector512<float> v = Load(x, xType, i), w = Load(x, xType, i + 16);
            s0 = Vector512.FusedMultiplyAdd(Load(a, aType, i), v, s0);
            s1 = Vector512.FusedMultiplyAdd(Load(a1, aType, i), v, s1);
            s2 = Vector512.FusedMultiplyAdd(Load(a2, aType, i), v, s2);
            s3 = Vector512.FusedMultiplyAdd(Load(a3, aType, i), v, s3);
            u0 = Vector512.FusedMultiplyAdd(Load(a, aType, i + 16), w, u0);
            u1 = Vector512.FusedMultiplyAdd(Load(a1, aType, i + 16), w, u1);
            u2 = Vector512.FusedMultiplyAdd(Load(a2, aType, i + 16), w, u2);
            u3 = Vector512.FusedMultiplyAdd(Load(a3, aType, i + 16), w, u3);
        }

        if (i < inputs)
        {
            Vector512<float> v = Load(x, xType, i);
            s0 = Vector512.FusedMultiplyAdd(Load(a, aType, i), v, s0);
            s1 = Vector512.FusedMultiplyAdd(Load(a1, aType, i), v, s1);
            s2 = Vector512.FusedMultiplyAdd(Load(a2, aType, i), v, s2);
            s3 = Vector512.FusedMultiplyAdd(Load(a3, aType, i), v, s3);
        }

        Vector128<float> sums = Vector128.Create(VectorMath.Sum(s0 + u0), VectorMath.Sum(s1 + u1), VectorMath.Sum(s2 + u2), VectorMath.Sum(s3 + u3));
        for (int j = 0; j < ranks; j++)
        {
            t[j] = sums[j];
        }
    }

    /// <summary>y += scale * B t for up to 64 outputs of one block of B.</summary>
    /// <param name="b">The block, [rank, 64].</param>
    /// <param name="type">F32 or BF16.</param>
    /// <param name="t">[rank].</param>
    /// <param name="rank">Number of ranks.</param>
    /// <param name="scale">Factor of the sums.</param>
    /// <param name="y">The outputs, float32.</param>
    /// <param name="outputs">Number of outputs, 1 to 64.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Expand(byte* b, ElementType type, float* t, int rank, float scale, float* y, int outputs)
    {
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
        for (int j = 0; j < rank; j++)
        {
            Vector512<float> v = Vector512.Create(t[j]);
            int at = j * LowRankMatrix.BlockOutputs;
            s0 = Vector512.FusedMultiplyAdd(Load(b, type, at), v, s0);
            s1 = Vector512.FusedMultiplyAdd(Load(b, type, at + 16), v, s1);
            s2 = Vector512.FusedMultiplyAdd(Load(b, type, at + 32), v, s2);
            s3 = Vector512.FusedMultiplyAdd(Load(b, type, at + 48), v, s3);
        }

        Vector512<float> factor = Vector512.Create(scale);
        AddTo(y, s0, factor, outputs);
        AddTo(y + 16, s1, factor, outputs - 16);
        AddTo(y + 32, s2, factor, outputs - 32);
        AddTo(y + 48, s3, factor, outputs - 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTo(float* y, Vector512<float> sums, Vector512<float> factor, int outputs)
    {
        if (outputs >= 16)
        {
            Vector512.FusedMultiplyAdd(sums, factor, Vector512.Load(y)).Store(y);
            return;
        }

        for (int c = 0; c < outputs; c++)
        {
            y[c] = MathF.FusedMultiplyAdd(sums[c], factor[0], y[c]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load(byte* values, ElementType type, int index) =>
        type == ElementType.BF16 ? Conversion.LoadBf16((ushort*)values + index) : Vector512.Load((float*)values + index);
}
