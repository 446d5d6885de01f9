namespace HunyuanOrleans.Kernels.Tests.Support;

/// <summary>Error bounds of floating-point arithmetic (Higham, Accuracy and Stability of Numerical Algorithms, chapter 3).</summary>
internal static class Rounding
{
    /// <summary>Largest relative error of one float32 operation.</summary>
    public const double Single = 1.0 / (1 << 24);

    /// <summary>Largest relative error of rounding to bfloat16.</summary>
    public const double Bf16 = 1.0 / (1 << 8);

    /// <summary>Smallest normal float32 and bfloat16: the largest error of flushing a result to zero.</summary>
    public const double Flush = 1.1754943508222875e-38;

    /// <summary>Error of n operations in a row, relative to the sum of magnitudes: n u / (1 - n u).</summary>
    public static double Gamma(int operations) => operations * Single / (1 - (operations * Single));

    /// <summary>Relative error of storing a result in <paramref name="type"/>.</summary>
    public static double OfStore(ElementType type) => type == ElementType.BF16 ? Bf16 : 0;
}
