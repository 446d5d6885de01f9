using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// Online softmax of 16 query rows over the positions of a segment, as a lane of a warp holds it. A lane has rows lane / 4 (0) and lane / 4 + 8 (1).
/// Masked positions add exact zeros, and later maxima scale by 1 what they do not exceed, so that a row does not depend on the other rows.
/// </summary>
internal struct AttentionState
{
    public AttentionSums Sums;
    public float Max0;
    public float Max1;

    /// <summary>Sum of the exponentials at the positions of this lane.</summary>
    public float Sum0;
    public float Sum1;

    /// <summary>The state of no positions.</summary>
    public static AttentionState Empty()
    {
        AttentionState state = default;
        state.Max0 = float.NegativeInfinity;
        state.Max1 = float.NegativeInfinity;
        return state;
    }

    /// <summary>Adds the 32 positions of a block.</summary>
    /// <param name="state">The state so far.</param>
    /// <param name="queries">The rows.</param>
    /// <param name="head">Address of keys, values and scales of the head in the block.</param>
    /// <param name="lane">Lane.</param>
    /// <param name="last0">Number of the last position of the block that row 0 sees; may be negative.</param>
    /// <param name="last1">The same for row 1.</param>
    /// <param name="size">Head size, a constant.</param>
    /// <param name="format">A <see cref="KvFormat"/>, a constant.</param>
    public static AttentionState AddBlock(AttentionState state, QueryTile queries, ulong head, int lane, int last0, int last1, int size, int format)
    {
        ulong eightKeys = (ulong)(8 * size * KvFormat.Bytes(format));
        ulong values = head + (4 * eightKeys);
        Float4 s0 = QueryTile.Multiply(queries, head, lane, size, format);
        Float4 s1 = QueryTile.Multiply(queries, head + eightKeys, lane, size, format);
        Float4 s2 = QueryTile.Multiply(queries, head + (2 * eightKeys), lane, size, format);
        Float4 s3 = QueryTile.Multiply(queries, head + (3 * eightKeys), lane, size, format);
        ulong scales = values + (4 * eightKeys) + ((ulong)(lane % 4) * 16);
        if (KvFormat.HasScales(format))
        {
            Uint4 scale = Ptx.LoadUint4(scales);
            s0 = Scale(s0, scale.A);
            s1 = Scale(s1, scale.B);
            s2 = Scale(s2, scale.C);
            s3 = Scale(s3, scale.D);
        }

        // Blocks that all rows see whole are masked too, because a branch would keep loads from being started early.
        int column = lane % 4 * 2;
        s0 = Mask(s0, last0 - column, last1 - column);
        s1 = Mask(s1, last0 - column - 8, last1 - column - 8);
        s2 = Mask(s2, last0 - column - 16, last1 - column - 16);
        s3 = Mask(s3, last0 - column - 24, last1 - column - 24);
        float max0 = MaxOfRow(state.Max0, Ptx.Max(s0.A, s0.B), Ptx.Max(s1.A, s1.B), Ptx.Max(s2.A, s2.B), Ptx.Max(s3.A, s3.B));
        float max1 = MaxOfRow(state.Max1, Ptx.Max(s0.C, s0.D), Ptx.Max(s1.C, s1.D), Ptx.Max(s2.C, s2.D), Ptx.Max(s3.C, s3.D));
        float base0 = SoftmaxMerge.Base(max0);
        float base1 = SoftmaxMerge.Base(max1);
        s0 = Exponentials(s0, base0, base1);
        s1 = Exponentials(s1, base0, base1);
        s2 = Exponentials(s2, base0, base1);
        s3 = Exponentials(s3, base0, base1);
        BlockWeights weights = default;
        weights.Factor0 = KernelMath.Exp2(Ptx.Subtract(state.Max0, base0));
        weights.Factor1 = KernelMath.Exp2(Ptx.Subtract(state.Max1, base1));
        state.Max0 = max0;
        state.Max1 = max1;
        state.Sum0 = Ptx.MultiplyAdd(state.Sum0, weights.Factor0, SumOf(s0.A, s0.B, s1.A, s1.B, s2.A, s2.B, s3.A, s3.B));
        state.Sum1 = Ptx.MultiplyAdd(state.Sum1, weights.Factor1, SumOf(s0.C, s0.D, s1.C, s1.D, s2.C, s2.D, s3.C, s3.D));
        if (KvFormat.HasScales(format))
        {
            Uint4 scale = Ptx.LoadUint4(scales + 64);
            s0 = Scale(s0, scale.A);
            s1 = Scale(s1, scale.B);
            s2 = Scale(s2, scale.C);
            s3 = Scale(s3, scale.D);
        }

        weights.First = Operand(s0, s1);
        weights.Second = Operand(s2, s3);
        state.Sums = AttentionSums.AddValues(state.Sums, weights, values, lane, size, format);
        return state;
    }

    /// <summary>Maxima and sums of the two rows over all lanes, for <see cref="SoftmaxMerge"/>.</summary>
    public static Float4 Rows(AttentionState state)
    {
        float sum0 = Ptx.Add(state.Sum0, Ptx.ShuffleXor(state.Sum0, 1));
        float sum1 = Ptx.Add(state.Sum1, Ptx.ShuffleXor(state.Sum1, 1));
        sum0 = Ptx.Add(sum0, Ptx.ShuffleXor(sum0, 2));
        sum1 = Ptx.Add(sum1, Ptx.ShuffleXor(sum1, 2));
        return new Float4 { A = state.Max0, B = sum0, C = state.Max1, D = sum1 };
    }

    // The scales of two neighbouring positions.
    private static Float4 Scale(Float4 s, uint scales)
    {
        float low = Ptx.FromBits(scales << 16);
        float high = Ptx.FromBits(scales & 0xFFFF0000);
        return new Float4 { A = Ptx.Multiply(s.A, low), B = Ptx.Multiply(s.B, high), C = Ptx.Multiply(s.C, low), D = Ptx.Multiply(s.D, high) };
    }

    private static Float4 Mask(Float4 s, int last0, int last1) =>
        new() { A = HideIfNegative(s.A, last0), B = HideIfNegative(s.B, last0 - 1), C = HideIfNegative(s.C, last1), D = HideIfNegative(s.D, last1 - 1) };

    private static float HideIfNegative(float score, int visible)
    {
        uint hidden = (uint)(visible >> 31);
        return Ptx.FromBits((Ptx.BitsOf(score) & ~hidden) | (0xFF800000 & hidden));
    }

    private static float MaxOfRow(float max, float a, float b, float c, float d)
    {
        float largest = Ptx.Max(Ptx.Max(a, b), Ptx.Max(c, d));
        largest = Ptx.Max(largest, Ptx.ShuffleXor(largest, 1));
        return Ptx.Max(max, Ptx.Max(largest, Ptx.ShuffleXor(largest, 2)));
    }

    private static Float4 Exponentials(Float4 s, float base0, float base1) => new()
    {
        A = KernelMath.Exp2(Ptx.Subtract(s.A, base0)),
        B = KernelMath.Exp2(Ptx.Subtract(s.B, base0)),
        C = KernelMath.Exp2(Ptx.Subtract(s.C, base1)),
        D = KernelMath.Exp2(Ptx.Subtract(s.D, base1)),
    };

    private static float SumOf(float a, float b, float c, float d, float e, float f, float g, float h) =>
        Ptx.Add(Ptx.Add(Ptx.Add(a, b), Ptx.Add(c, d)), Ptx.Add(Ptx.Add(e, f), Ptx.Add(g, h)));

    private static Uint4 Operand(Float4 first, Float4 second) => new()
    {
        A = Ptx.ToBf16Pair(first.A, first.B),
        B = Ptx.ToBf16Pair(first.C, first.D),
        C = Ptx.ToBf16Pair(second.A, second.B),
        D = Ptx.ToBf16Pair(second.C, second.D),
    };
}
