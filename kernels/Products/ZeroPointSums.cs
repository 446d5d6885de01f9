using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>
/// Corrects the sums of 4-bit products for zero points: adds scale * (zero - zero point) * the sum of the token's codes, for each group of 32 columns in
/// order, where zero is the zero point that the kernels assumed. Every instruction set gives the same bits.
/// </summary>
internal readonly unsafe ref struct ZeroPointSums
{
    /// <summary>The zero point that the kernels assumed.</summary>
    public required int Zero { get; init; }

    /// <summary>A zero point for each row of each group.</summary>
    public required byte* ZeroPoints { get; init; }

    /// <summary>The scales of the first group.</summary>
    public required Half* Scales { get; init; }

    /// <summary>Bytes from the scales of one group to those of the next.</summary>
    public required long ScaleStride { get; init; }

    /// <summary>Number of rows, a multiple of 16.</summary>
    public required int Rows { get; init; }

    /// <summary>Number of groups.</summary>
    public required int Groups { get; init; }

    /// <summary>The initial sums of the first token, -8 times the sum of its codes in each group.</summary>
    public required int* InitialSums { get; init; }

    /// <summary>Bytes from the initial sums of one token to those of the next.</summary>
    public required long InitialSumStride { get; init; }

    /// <summary>Corrects the sums [tokens, width] of all rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddTo(float* sums, int width, int tokens)
    {
        // Initial sums are -8 times what is needed. The division is exact.
        const float Eighth = 0.125f;
        float* factors = stackalloc float[PanelKernels.BlockRows];
        for (int group = 0; group < Groups; group++)
        {
            byte* zeroPoints = ZeroPoints + (group * Rows);
            if (new ReadOnlySpan<byte>(zeroPoints, Rows).IndexOfAnyExcept((byte)Zero) < 0)
            {
                continue;
            }

            Conversion.Convert((byte*)Scales + (group * ScaleStride), ElementType.F16, (byte*)factors, ElementType.F32, Rows);
            for (int row = 0; row < Rows; row++)
            {
                factors[row] *= (zeroPoints[row] - Zero) * Eighth;
            }

            for (int token = 0; token < tokens; token++)
            {
                float initial = ((int*)((byte*)InitialSums + (token * InitialSumStride)))[group];
                Vector512<float> x = Vector512.Create(initial);
                float* y = sums + ((long)token * width);
                for (int row = 0; row < Rows; row += Vector512<float>.Count)
                {
                    Vector512.FusedMultiplyAdd(Vector512.Load(factors + row), x, Vector512.Load(y + row)).Store(y + row);
                }
            }
        }
    }
}
