using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Kernels.Products;

/// <summary>
/// Brings one activation row into an <see cref="InputForm"/>. Integers: scale = largest magnitude / 127, code = x * (127 / largest)
/// rounded to nearest even. F8E4M3: code = x / scale rounded likewise within ±448, scale = largest / 448 where none is fixed. A row that
/// finds its own scale and holds a NaN or an infinity gets the scale NaN, so all its products are NaN; one whose magnitudes stay below
/// <see cref="Smallest"/> counts as zero. The same bits on every instruction set.
/// </summary>
internal static unsafe class RowQuantizer
{
    /// <summary>2^-100; the scale of anything smaller, or its reciprocal, would leave the float32 range.</summary>
    public const float Smallest = 7.888609e-31f;

    /// <summary>Quantises a row of F32 or BF16.</summary>
    /// <param name="source">First element.</param>
    /// <param name="type">F32 or BF16.</param>
    /// <param name="columns">Elements.</param>
    /// <param name="target">Receives the form's codes and tail.</param>
    /// <param name="form">The form.</param>
    public static void Quantize(byte* source, ElementType type, int columns, byte* target, in InputForm form)
    {
        float largest = form.FixedScale > 0 ? 0 : BitConverter.UInt32BitsToSingle(RowValues.MagnitudeBits(source, type, columns));
        float* tail = (float*)(target + form.CodeBytes);
        bool finite = float.IsFinite(largest);
        if (form.Type == ElementType.F8E4M3)
        {
            float scale = form.FixedScale > 0 ? form.FixedScale : largest / E4M3.Max;
            bool zero = !finite || (form.FixedScale == 0 && largest < Smallest);
            tail[0] = finite ? (zero ? 0 : scale) : float.NaN;
            ToE4M3(source, type, zero ? 0 : columns, scale, (ushort*)target, form.CodeBytes / sizeof(ushort));
            return;
        }

        bool none = !finite || largest < Smallest;
        tail[0] = finite ? (none ? 0 : largest / RowCodes.MaxInteger) : float.NaN;
        ((int*)tail)[1] = ToIntegers(source, type, none ? 0 : columns, RowCodes.MaxInteger / largest, (sbyte*)target, form.CodeBytes);
        if (form.Type == ElementType.I4)
        {
            ToStarts((sbyte*)target, form.CodeBytes / FourBitGroups.Columns, (int*)(target + form.StartOffset));
        }
    }

    // The weights were multiplied as codes 0 to 15, which stand for -8 to 7.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToStarts(sbyte* codes, int groups, int* starts)
    {
        for (int group = 0; group < groups; group++, codes += FourBitGroups.Columns)
        {
            (Vector256<short> low, Vector256<short> high) = Vector256.Widen(Vector256.Load(codes));
            starts[group] = -FourBitGroups.Zero * Vector256.Sum(low + high);
        }
    }

    /// <summary>Writes <paramref name="padded"/> codes, zeros from <paramref name="columns"/> on; returns their sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int ToIntegers(byte* source, ElementType type, int columns, float factor, sbyte* codes, int padded)
    {
        Vector512<int> sum = default;
        int i = 0;
        for (; i <= columns - 16; i += 16)
        {
            Vector512<int> code = Nearest16(Load16(source, type, i) * factor);
            sum += code;
            Narrow16(code).Store(codes + i);
        }

        for (; i < padded; i += 16)
        {
            Vector512<int> code = i < columns ? Nearest16(LoadTail(source, type, i, columns) * factor) : default;
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
            Conversion.Store16(E4M3.Round16(Load16(source, type, i) / scale), codes + i);
        }

        for (; i < padded; i += 16)
        {
            Conversion.Store16(i < columns ? E4M3.Round16(LoadTail(source, type, i, columns) / scale) : default, codes + i);
        }
    }

    // Nothing is beyond 127 here but by a rounding, so nothing needs to be limited.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Nearest16(Vector512<float> values) =>
        Avx512F.IsSupported ? Avx512F.ConvertToVector512Int32(values) : RowCodes.Integers16(values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load16(byte* source, ElementType type, int i) =>
        type == ElementType.F32 ? Vector512.Load((float*)source + i) : Conversion.Load16((ushort*)source + i);

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
