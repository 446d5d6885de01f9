using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Computes codes, fitting scales and errors of candidates for a group of 32 columns of 16 rows. Every vector width gives the same bits. It does not know
/// which candidates there are. Candidates go through the columns several at a time, because the sums of one alone would wait for each other.
/// </summary>
internal static unsafe class Int4CandidateSearch
{
    /// <summary>Candidates whose errors are computed together.</summary>
    public const int Candidates = 4;

    /// <summary>Floats of one vector of a candidate, a value for each row.</summary>
    public const int Rows = PanelKernels.PanelRows;

    /// <summary>Floats of the codes of one candidate.</summary>
    public const int Codes = Int4GroupLayout.Columns * Rows;

    // The range of a code without its offset of 8.
    private const float Lowest = -8f;
    private const float Highest = 7f;

    /// <summary>Rounds values times a factor to codes and limits them to -8 .. 7.</summary>
    /// <param name="values">The values, [32 columns][16 rows].</param>
    /// <param name="factor">A factor for each row.</param>
    /// <param name="codes">Receives the codes, [32 columns][16 rows].</param>
    public static void Encode(float* values, float* factor, float* codes)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Encode<GroupLanes512, Vector512<float>>(values, factor, codes);
            return;
        }

        Encode<GroupLanes256, Vector256<float>>(values, factor, codes);
    }

    /// <summary>
    /// Computes the codes of two candidates, and the scale that fits each best: NaN if its codes are all zero. Codes of the second are those of a factor of
    /// their own, or those of the opposite of the first one's factor.
    /// </summary>
    /// <param name="values">The values, [32 columns][16 rows].</param>
    /// <param name="factors">A factor for each row, of one candidate after the other.</param>
    /// <param name="opposite">
    /// Whether the second candidate has the opposite factor of the first, so that both share products and roundings. Its codes and its scale are then
    /// stored with the opposite sign.
    /// </param>
    /// <param name="codes">Receives the codes of one candidate after the other.</param>
    /// <param name="fits">Receives the scales.</param>
    public static void Fit(float* values, float* factors, bool opposite, float* codes, float* fits)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Fit<GroupLanes512, Vector512<float>>(values, factors, opposite, codes, fits);
            return;
        }

        Fit<GroupLanes256, Vector256<float>>(values, factors, opposite, codes, fits);
    }

    /// <summary>Computes the squared errors of <see cref="Candidates"/> candidates.</summary>
    /// <param name="values">The values, [32 columns][16 rows].</param>
    /// <param name="codes">The codes of one candidate after the other.</param>
    /// <param name="scales">Their scales, one for each row.</param>
    /// <param name="errors">Receives their errors, one for each row.</param>
    public static void Errors(float* values, float* codes, float* scales, float* errors)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Errors<GroupLanes512, Vector512<float>>(values, codes, scales, errors);
            return;
        }

        Errors<GroupLanes256, Vector256<float>>(values, codes, scales, errors);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Encode<TLanes, TVector>(float* values, float* factor, float* codes)
        where TLanes : IGroupLanes<TVector>
        where TVector : struct
    {
        for (int row = 0; row < Rows; row += TLanes.Count)
        {
            TVector scale = TLanes.Load(factor + row);
            for (int i = row; i < Codes; i += Rows)
            {
                TLanes.Store(TLanes.Round(TLanes.Limit(TLanes.Multiply(TLanes.Load(values + i), scale), Lowest, Highest)), codes + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fit<TLanes, TVector>(float* values, float* factors, bool opposite, float* codes, float* fits)
        where TLanes : IGroupLanes<TVector>
        where TVector : struct
    {
        for (int row = 0; row < Rows; row += TLanes.Count)
        {
            TVector factor = TLanes.Load(factors + row), other = TLanes.Load(factors + Rows + row);
            TVector products = default, squares = default, otherProducts = default, otherSquares = default;
            for (int i = row; i < Codes; i += Rows)
            {
                TVector value = TLanes.Load(values + i);
                TVector rounded = TLanes.Round(TLanes.Multiply(value, factor));
                TVector code = TLanes.Limit(rounded, Lowest, Highest);
                TVector otherCode = opposite
                    ? TLanes.Limit(rounded, -Highest, -Lowest)
                    : TLanes.Limit(TLanes.Round(TLanes.Multiply(value, other)), Lowest, Highest);
                TLanes.Store(code, codes + i);
                TLanes.Store(otherCode, codes + Codes + i);
                products = TLanes.MultiplyAdd(code, value, products);
                squares = TLanes.MultiplyAdd(code, code, squares);
                otherProducts = TLanes.MultiplyAdd(otherCode, value, otherProducts);
                otherSquares = TLanes.MultiplyAdd(otherCode, otherCode, otherSquares);
            }

            TLanes.Store(TLanes.Divide(products, squares), fits + row);
            TLanes.Store(TLanes.Divide(otherProducts, otherSquares), fits + Rows + row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Errors<TLanes, TVector>(float* values, float* codes, float* scales, float* errors)
        where TLanes : IGroupLanes<TVector>
        where TVector : struct
    {
        for (int row = 0; row < Rows; row += TLanes.Count)
        {
            TVector scale0 = TLanes.Negate(TLanes.Load(scales + row)), scale1 = TLanes.Negate(TLanes.Load(scales + Rows + row));
            TVector scale2 = TLanes.Negate(TLanes.Load(scales + (2 * Rows) + row)), scale3 = TLanes.Negate(TLanes.Load(scales + (3 * Rows) + row));
            TVector sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            for (int i = row; i < Codes; i += Rows)
            {
                TVector value = TLanes.Load(values + i);
                TVector difference0 = TLanes.MultiplyAdd(TLanes.Load(codes + i), scale0, value);
                TVector difference1 = TLanes.MultiplyAdd(TLanes.Load(codes + Codes + i), scale1, value);
                TVector difference2 = TLanes.MultiplyAdd(TLanes.Load(codes + (2 * Codes) + i), scale2, value);
                TVector difference3 = TLanes.MultiplyAdd(TLanes.Load(codes + (3 * Codes) + i), scale3, value);
                sum0 = TLanes.MultiplyAdd(difference0, difference0, sum0);
                sum1 = TLanes.MultiplyAdd(difference1, difference1, sum1);
                sum2 = TLanes.MultiplyAdd(difference2, difference2, sum2);
                sum3 = TLanes.MultiplyAdd(difference3, difference3, sum3);
            }

            TLanes.Store(sum0, errors + row);
            TLanes.Store(sum1, errors + Rows + row);
            TLanes.Store(sum2, errors + (2 * Rows) + row);
            TLanes.Store(sum3, errors + (3 * Rows) + row);
        }
    }
}
