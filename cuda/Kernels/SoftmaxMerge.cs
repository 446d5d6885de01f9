using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// Merges softmax results over different positions: each is scaled to the common maximum. The state of two rows is a <see cref="Float4"/>: maximum
/// and sum of exponentials of row 0, then of row 1. Maxima are exponents of 2.
/// </summary>
internal struct SoftmaxMerge
{
    /// <summary>The state after the merge.</summary>
    public Float4 State;
    public float Keep0;
    public float Keep1;
    public float Join0;
    public float Join1;

    /// <summary>The state of no positions.</summary>
    public static Float4 Empty() => new() { A = float.NegativeInfinity, C = float.NegativeInfinity };

    /// <summary>Computes the factors that add <paramref name="next"/> to <paramref name="total"/>.</summary>
    public static SoftmaxMerge Of(Float4 total, Float4 next)
    {
        SoftmaxMerge merge = default;
        merge.State.A = Ptx.Max(total.A, next.A);
        merge.State.C = Ptx.Max(total.C, next.C);
        float base0 = Base(merge.State.A);
        float base1 = Base(merge.State.C);
        merge.Keep0 = KernelMath.Exp2(Ptx.Subtract(total.A, base0));
        merge.Keep1 = KernelMath.Exp2(Ptx.Subtract(total.C, base1));
        merge.Join0 = KernelMath.Exp2(Ptx.Subtract(next.A, base0));
        merge.Join1 = KernelMath.Exp2(Ptx.Subtract(next.C, base1));
        merge.State.B = Sum(total.B, merge.Keep0, next.B, merge.Join0);
        merge.State.D = Sum(total.D, merge.Keep1, next.D, merge.Join1);
        return merge;
    }

    /// <summary>Merges weighted sums.</summary>
    public static Float4 Apply(SoftmaxMerge merge, Float4 total, Float4 next) => new()
    {
        A = Sum(total.A, merge.Keep0, next.A, merge.Join0),
        B = Sum(total.B, merge.Keep0, next.B, merge.Join0),
        C = Sum(total.C, merge.Keep1, next.C, merge.Join1),
        D = Sum(total.D, merge.Keep1, next.D, merge.Join1),
    };

    /// <summary>Merges four weighted sums of row 0.</summary>
    public static Float4 ApplyToRow0(SoftmaxMerge merge, Float4 total, Float4 next) => new()
    {
        A = Sum(total.A, merge.Keep0, next.A, merge.Join0),
        B = Sum(total.B, merge.Keep0, next.B, merge.Join0),
        C = Sum(total.C, merge.Keep0, next.C, merge.Join0),
        D = Sum(total.D, merge.Keep0, next.D, merge.Join0),
    };

    /// <summary>What is subtracted from scores: the maximum, or 0 if all positions are masked, because -∞ - -∞ is not a number.</summary>
    public static float Base(float max) => max == float.NegativeInfinity ? 0f : max;

    // Adding 0 makes -0 to 0. Merging a result into an empty one then changes no bit, whether it is done once or twice.
    private static float Sum(float total, float keep, float next, float join) => Ptx.MultiplyAdd(Ptx.Add(next, 0f), join, Ptx.Multiply(total, keep));
}
