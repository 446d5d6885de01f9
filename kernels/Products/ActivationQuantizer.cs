using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Panels;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>
/// Brings an activation row to an <see cref="ActivationFormat"/>. Integers: scale = largest magnitude / 127 and code = x * (127 / largest),
/// rounded to nearest, ties to even. F8E4M3: code = x / scale, clamped to ±448 and rounded the same way; scale = largest / 448 unless it is
/// fixed. If the scale is not fixed, a row with a NaN or an infinity gets the scale NaN, so that all its products are NaN, and a row whose
/// magnitudes are all below <see cref="Smallest"/> becomes zero. Every instruction set gives the same bits.
/// </summary>
internal static unsafe class ActivationQuantizer
{
    /// <summary>2^-100. For smaller magnitudes, the scale or its reciprocal would be outside the float32 range.</summary>
    public const float Smallest = 7.888609e-31f;

    /// <summary>Quantises a row of F32 or BF16.</summary>
    /// <param name="source">Address of the first element.</param>
    /// <param name="type">F32 or BF16.</param>
    /// <param name="columns">Number of elements.</param>
    /// <param name="target">Receives the row in the format.</param>
    /// <param name="format">The format.</param>
    public static void Quantize(byte* source, ElementType type, int columns, byte* target, in ActivationFormat format)
    {
        if (format.Type == ElementType.BF16)
        {
            Widen(source, type, columns, target, format.CodeBytes);
            return;
        }

        float largest = format.FixedScale > 0 ? 0 : BitConverter.UInt32BitsToSingle(RowDecoder.MagnitudeBits(source, type, columns));
        float* scaleAndSum = (float*)(target + format.CodeBytes);
        bool finite = float.IsFinite(largest);
        if (format.Type == ElementType.F8E4M3)
        {
            float scale = format.FixedScale > 0 ? format.FixedScale : largest / E4M3.Max;
            bool zero = !finite || (format.FixedScale == 0 && largest < Smallest);
            scaleAndSum[0] = finite ? (zero ? 0 : scale) : float.NaN;
            if (format.Widened)
            {
                ToWidenedE4M3(source, type, zero ? 0 : columns, scale, (float*)target, format.CodeBytes / sizeof(float));
            }
            else
            {
                ToE4M3(source, type, zero ? 0 : columns, scale, (ushort*)target, format.CodeBytes / sizeof(ushort));
            }

            return;
        }

        bool none = !finite || largest < Smallest;
        scaleAndSum[0] = finite ? (none ? 0 : largest / RowEncoder.MaxInteger) : float.NaN;
        ((int*)scaleAndSum)[1] = ToIntegers(source, type, none ? 0 : columns, RowEncoder.MaxInteger / largest, (sbyte*)target, format.CodeBytes);
        if (format.Type == ElementType.I4)
        {
            ToInitialSums((sbyte*)target, format.CodeBytes / Int4GroupLayout.Columns, (int*)(target + format.InitialSumOffset));
        }
    }

    // Weights are multiplied as codes 0 to 15 that stand for -8 to 7. Starting each group at -8 times the sum of its x corrects for that.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToInitialSums(sbyte* codes, int groups, int* initialSums)
    {
        for (int group = 0; group < groups; group++, codes += Int4GroupLayout.Columns)
        {
            (Vector256<short> low, Vector256<short> high) = Vector256.Widen(Vector256.Load(codes));
            initialSums[group] = -Int4GroupLayout.Zero * Vector256.Sum(low + high);
        }
    }

    /// <summary>Writes <paramref name="padded"/> codes, which are zero from <paramref name="columns"/> on, and returns their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int ToIntegers(byte* source, ElementType type, int columns, float factor, sbyte* codes, int padded)
    {
        Vector512<int> sum = default;
        int i = 0;
        for (; i <= columns - 16; i += 16)
        {
            Vector512<int> code = RoundToIntegers16(Load16(source, type, i) * factor);
            sum += code;
            Narrow16(code).Store(codes + i);
        }

        for (; i < padded; i += 16)
        {
            Vector512<int> code = i < columns ? RoundToIntegers16(LoadTail(source, type, i, columns) * factor) : default;
            sum += code;
            Narrow16(code).Store(codes + i);
        }

        return Vector512.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToE4M3(byte* source, ElementType type, int columns, float scale, ushort* codes, int padded)
    {
        int i = 0;
        for (; i <= columns - 16; i += 16)
        {
            Conversion.StoreBf16(E4M3.Round16(Load16(source, type, i) / scale), codes + i);
        }

        for (; i < padded; i += 16)
        {
            Conversion.StoreBf16(i < columns ? E4M3.Round16(LoadTail(source, type, i, columns) / scale) : default, codes + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToWidenedE4M3(byte* source, ElementType type, int columns, float scale, float* values, int padded)
    {
        Vector512<float> factor = Vector512.Create(E4M3Expansion.XFactor);
        int i = 0;
        for (; i <= columns - 16; i += 16)
        {
            (E4M3.Round16(Load16(source, type, i) / scale) * factor).Store(values + i);
        }

        for (; i < padded; i += 16)
        {
            (i < columns ? E4M3.Round16(LoadTail(source, type, i, columns) / scale) * factor : default).Store(values + i);
        }
    }

    private static void Widen(byte* source, ElementType type, int columns, byte* target, int bytes)
    {
        Conversion.Convert(source, type, target, ElementType.F32, columns);
        new Span<byte>(target + ((long)columns * sizeof(float)), bytes - (columns * sizeof(float))).Clear();
    }

    // Values exceed 127 here by a rounding error at most, so no clamping is needed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> RoundToIntegers16(Vector512<float> values) =>
        Avx512F.IsSupported ? Avx512F.ConvertToVector512Int32(values) : RowEncoder.Integers16(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load16(byte* source, ElementType type, int i) =>
        type == ElementType.F32 ? Vector512.Load((float*)source + i) : Conversion.LoadBf16((ushort*)source + i);

    private static Vector512<float> LoadTail(byte* source, ElementType type, int i, int columns)
    {
        float* rest = stackalloc float[16];
        Conversion.Convert(source + (i * type.Size()), type, (byte*)rest, ElementType.F32, columns - i);
        return Vector512.Load(rest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Narrow16(Vector512<int> codes)
    {
        if (Avx512F.IsSupported)
        {
            return Avx512F.ConvertToVector128SByte(codes);
        }

        Vector256<short> halves = Vector256.Narrow(codes.GetLower(), codes.GetUpper());
        return Vector128.Narrow(halves.GetLower(), halves.GetUpper());
    }
}
