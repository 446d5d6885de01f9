using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>A float32 scale for each row of a matrix.</summary>
internal static class ProductRowScales
{
    /// <summary>Multiplies sums by the scales of their rows, rounded once.</summary>
    public static Float4 Apply(Float4 sums, ulong scales, int row)
    {
        float upper = Ptx.LoadFloat(scales + ((ulong)row * 4));
        float lower = Ptx.LoadFloat(scales + ((ulong)(row + 8) * 4));
        return new Float4
        {
            A = Ptx.Multiply(sums.A, upper),
            B = Ptx.Multiply(sums.B, upper),
            C = Ptx.Multiply(sums.C, lower),
            D = Ptx.Multiply(sums.D, lower),
        };
    }
}
