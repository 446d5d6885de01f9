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
    public static void Shrink(byte* a, long stride, ElementType aType, byte* x, ElementType xType, int inputs, int ranks, float* t)
    {
        if (aType == ElementType.BF16 && xType == ElementType.BF16)
        {
            Shrink<Bf16, Bf16>(a, stride, x, inputs, ranks, t);
        }
        else if (aType == ElementType.BF16)
        {
            Shrink<Bf16, F32>(a, stride, x, inputs, ranks, t);
        }
        else if (xType == ElementType.BF16)
        {
            Shrink<F32, Bf16>(a, stride, x, inputs, ranks, t);
        }
        else
        {
            Shrink<F32, F32>(a, stride, x, inputs, ranks, t);
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
    public static void Expand(byte* b, ElementType type, float* t, int rank, float scale, float* y, int outputs)
    {
        if (type == ElementType.BF16)
        {
            Expand<Bf16>(b, t, rank, scale, y, outputs);
        }
        else
        {
            Expand<F32>(b, t, rank, scale, y, outputs);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Shrink<TA, TX>(byte* a, long stride, byte* x, int inputs, int ranks, float* t)
        where TA : struct, IElement
        where TX : struct, IElement
    {
        // Rows that are not there repeat the last one, and their results are dropped.
        byte* a1 = a + (Math.Min(1, ranks - 1) * stride), a2 = a + (Math.Min(2, ranks - 1) * stride), a3 = a + (Math.Min(3, ranks - 1) * stride);
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default, u0 = default, u1 = default, u2 = default, u3 = default;
        int i = 0;
        for (; i + 16 < inputs; i += 32)
        {
            Vector512<float> v = TX.Load(x, i), w = TX.Load(x, i + 16);
            s0 = Vector512.FusedMultiplyAdd(TA.Load(a, i), v, s0);
            s1 = Vector512.FusedMultiplyAdd(TA.Load(a1, i), v, s1);
            s2 = Vector512.FusedMultiplyAdd(TA.Load(a2, i), v, s2);
            s3 = Vector512.FusedMultiplyAdd(TA.Load(a3, i), v, s3);
            u0 = Vector512.FusedMultiplyAdd(TA.Load(a, i + 16), w, u0);
            u1 = Vector512.FusedMultiplyAdd(TA.Load(a1, i + 16), w, u1);
            u2 = Vector512.FusedMultiplyAdd(TA.Load(a2, i + 16), w, u2);
            u3 = Vector512.FusedMultiplyAdd(TA.Load(a3, i + 16), w, u3);
        }

        if (i < inputs)
        {
            Vector512<float> v = TX.Load(x, i);
            s0 = Vector512.FusedMultiplyAdd(TA.Load(a, i), v, s0);
            s1 = Vector512.FusedMultiplyAdd(TA.Load(a1, i), v, s1);
            s2 = Vector512.FusedMultiplyAdd(TA.Load(a2, i), v, s2);
            s3 = Vector512.FusedMultiplyAdd(TA.Load(a3, i), v, s3);
        }

        Vector128<float> sums = Vector128.Create(VectorMath.Sum(s0 + u0), VectorMath.Sum(s1 + u1), VectorMath.Sum(s2 + u2), VectorMath.Sum(s3 + u3));
        for (int j = 0; j < ranks; j++)
        {
            t[j] = sums[j];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Expand<TB>(byte* b, float* t, int rank, float scale, float* y, int outputs)
        where TB : struct, IElement
    {
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
        for (int j = 0; j < rank; j++)
        {
            Vector512<float> v = Vector512.Create(t[j]);
            int at = j * LowRankMatrix.BlockOutputs;
            s0 = Vector512.FusedMultiplyAdd(TB.Load(b, at), v, s0);
            s1 = Vector512.FusedMultiplyAdd(TB.Load(b, at + 16), v, s1);
            s2 = Vector512.FusedMultiplyAdd(TB.Load(b, at + 32), v, s2);
            s3 = Vector512.FusedMultiplyAdd(TB.Load(b, at + 48), v, s3);
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

    // One type parameter for each kind of element, so that the loops have no branches.
    private interface IElement
    {
        static abstract Vector512<float> Load(byte* values, int index);
    }

    private readonly struct Bf16 : IElement
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load(byte* values, int index) => Conversion.LoadBf16((ushort*)values + index);
    }

    private readonly struct F32 : IElement
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load(byte* values, int index) => Vector512.Load((float*)values + index);
    }
}
