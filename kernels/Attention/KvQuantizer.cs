using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Packing;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>
/// Quantises keys and values to 8 bits: value = code * scale. The elements of a head at one position share a bfloat16 scale, so that a code
/// depends only on its own position. Codes are integers from -127 to 127 or e4m3 floats up to ±448, rounded to nearest, ties to even.
/// </summary>
internal static unsafe class KvQuantizer
{
    private const uint InfinityBits = 0x7F800000;
    private const ushort NotANumber = 0x7FC0;

    private static readonly float[] IntegerValues = Values(ElementType.I8);
    private static readonly float[] FloatValues = Values(ElementType.F8E4M3);
    private static readonly byte[] IntegerBytes = MagnitudeBytes(IntegerValues);
    private static readonly byte[] FloatBytes = MagnitudeBytes(FloatValues);

    /// <summary>Whether keys and values of the type are stored as codes with scales.</summary>
    public static bool IsQuantized(ElementType type) => type is ElementType.I8 or ElementType.F8E4M3;

    /// <summary>
    /// Quantises x * factor. The scale is the smallest bfloat16 for which the largest magnitude does not exceed the largest code. If an
    /// element is infinite or NaN, the scale is NaN, and so are all values read back.
    /// </summary>
    /// <param name="x">Elements.</param>
    /// <param name="factor">Factor that multiplies each element first.</param>
    /// <param name="codes">Receives the codes; must have room for <paramref name="count"/> rounded up to a multiple of 16.</param>
    /// <param name="count">Number of elements.</param>
    /// <param name="type">I8 or F8E4M3.</param>
    /// <returns>The bits of the scale.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ushort Quantize(float* x, float factor, byte* codes, int count, ElementType type)
    {
        int padded = (count + 15) & ~15;
        float* y = stackalloc float[padded];
        Vector512<float> f = Vector512.Create(factor);
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            (Vector512.Load(x + i) * f).Store(y + i);
        }

        for (; i < padded; i++)
        {
            y[i] = i < count ? x[i] * factor : 0;
        }

        ushort scale = ScaleOf(y, padded, type);
        if (scale is 0 or NotANumber)
        {
            new Span<byte>(codes, padded).Clear();
            return scale;
        }

        Vector512<float> s = Vector512.Create(Conversion.ToSingle(scale));
        for (i = 0; i < padded; i += 16)
        {
            Vector512<float> value = Vector512.Load(y + i) / s;
            Vector512<int> code = type == ElementType.I8 ? RowEncoder.Integers16(value) : E4M3.Encode16(value).AsInt32();
            Vector256<short> half = Vector256.Narrow(code.GetLower(), code.GetUpper());
            Vector128.Narrow(half.GetLower(), half.GetUpper()).AsByte().Store(codes + i);
        }

        return scale;
    }

    /// <summary>Expands codes to their values without the scale. The values are exact in both target types.</summary>
    /// <param name="codes">Pairs of elements: [steps][columns][2].</param>
    /// <param name="type">I8 or F8E4M3.</param>
    /// <param name="target">Receives [steps][columns][2] bfloat16, or [2 steps][columns] float32.</param>
    /// <param name="wide">The target type, BF16 or F32.</param>
    /// <param name="steps">Number of steps, with a pair of elements for each column.</param>
    /// <param name="columns">Number of columns; steps * columns is a multiple of 32.</param>
    /// <param name="allowVbmi">Whether the byte permutations of AVX-512 VBMI may be used if the processor has them.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Expand(byte* codes, ElementType type, byte* target, ElementType wide, int steps, int columns, bool allowVbmi)
    {
        if (wide == ElementType.F32)
        {
            ToSingles(codes, type == ElementType.I8 ? IntegerValues : FloatValues, (float*)target, steps, columns);
        }
        else if (allowVbmi && Avx512Vbmi.IsSupported)
        {
            ExpandByPermutation(codes, type, target, 2L * steps * columns);
        }
        else
        {
            Widen(codes, type, (ushort*)target, 2L * steps * columns);
        }
    }

    /// <summary>Expands bfloat16 scales to float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ExpandScales(ushort* scales, float* target, int count)
    {
        for (int i = 0; i < count; i += 16)
        {
            Conversion.LoadBf16(scales + i).Store(target + i);
        }
    }

    // The scale is rounded up, so that no element exceeds the largest code. Magnitudes are compared as integers, where NaN is above infinity.
    private static ushort ScaleOf(float* y, int count, ElementType type)
    {
        Vector512<uint> largest = default;
        for (int i = 0; i < count; i += 16)
        {
            largest = Vector512.Max(largest, Vector512.Load(y + i).AsUInt32() & Vector512.Create(0x7FFFFFFFu));
        }

        uint bits = 0;
        for (int lane = 0; lane < 16; lane++)
        {
            bits = Math.Max(bits, largest[lane]);
        }

        if (bits >= InfinityBits)
        {
            return NotANumber;
        }

        float scale = BitConverter.UInt32BitsToSingle(bits) / (type == ElementType.I8 ? RowEncoder.MaxInteger : E4M3.Max);
        return (ushort)((BitConverter.SingleToUInt32Bits(scale) + 0xFFFF) >> 16);
    }

    // Expands 64 codes at a time. Magnitudes index two tables of 128 bytes: the upper and the lower bytes of the bfloat16 values.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ExpandByPermutation(byte* codes, ElementType type, byte* target, long count)
    {
        fixed (byte* tables = type == ElementType.I8 ? IntegerBytes : FloatBytes)
        {
            Vector512<byte> upper0 = Vector512.Load(tables), upper1 = Vector512.Load(tables + 64);
            Vector512<byte> lower0 = Vector512.Load(tables + 128), lower1 = Vector512.Load(tables + 192);
            Vector512<byte> sign = Vector512.Create((byte)0x80);

            // Unpack works within 128-bit lanes, so this order of 64-bit words puts the results in sequence.
            Vector512<long> order = Vector512.Create(0L, 4, 1, 5, 2, 6, 3, 7);
            bool integers = type == ElementType.I8;
            for (long i = 0; i < count; i += 64, target += 128)
            {
                Vector512<byte> code = Avx512F.PermuteVar8x64(Vector512.Load(codes + i).AsInt64(), order).AsByte();
                Vector512<byte> magnitude = integers ? Avx512BW.Abs(code.AsSByte()) : code;
                Vector512<byte> upper = Avx512Vbmi.PermuteVar64x8x2(upper0, magnitude, upper1) | (code & sign);
                Vector512<byte> lower = Avx512Vbmi.PermuteVar64x8x2(lower0, magnitude, lower1);
                Avx512BW.UnpackLow(lower, upper).Store(target);
                Avx512BW.UnpackHigh(lower, upper).Store(target + 64);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(byte* codes, ElementType type, ushort* target, long count)
    {
        if (Avx2.IsSupported)
        {
            WidenByHalves(codes, type, target, count);
            return;
        }

        for (long i = 0; i < count; i += 16)
        {
            Vector512<float> value;
            if (type == ElementType.I8)
            {
                (Vector128<short> low, Vector128<short> high) = Vector128.Widen(Vector128.Load((sbyte*)codes + i));
                value = Vector512.ConvertToSingle(Wide(low, high));
            }
            else
            {
                (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(Vector128.Load(codes + i));
                value = E4M3.Decode16(Wide(low.AsInt16(), high.AsInt16()).AsUInt32());
            }

            Vector512<uint> upper = value.AsUInt32() >> 16;
            Vector256.Narrow(upper.GetLower(), upper.GetUpper()).Store(target + i);
        }
    }

    // The values of e4m3 below 2^-6, which are multiples of 2^-9, are looked up; those of larger ones have the exponent of bfloat16 120 above.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WidenByHalves(byte* codes, ElementType type, ushort* target, long count)
    {
        Vector128<ushort> small = Vector128.Create((ushort)0, 0x3B00, 0x3B80, 0x3BC0, 0x3C00, 0x3C20, 0x3C40, 0x3C60);
        Vector256<byte> table = Vector256.Create(small, small).AsByte();
        for (long i = 0; i < count; i += 16)
        {
            if (type == ElementType.I8)
            {
                Vector256<float> lower = Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32((sbyte*)codes + i));
                Vector256<float> upper = Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32((sbyte*)codes + i + 8));
                Vector256.Narrow(lower.AsUInt32() >> 16, upper.AsUInt32() >> 16).Store(target + i);
                continue;
            }

            Vector256<ushort> code = Avx2.ConvertToVector256Int16(codes + i).AsUInt16();
            Vector256<ushort> magnitude = code & Vector256.Create((ushort)0x7F);
            Vector256<ushort> pair = (magnitude << 1) | (magnitude << 9) | Vector256.Create((ushort)0x100);
            Vector256<ushort> tiny = Avx2.Shuffle(table, pair.AsByte()).AsUInt16();
            Vector256<ushort> value = (magnitude << 4) + Vector256.Create((ushort)(120 << 7));
            value = Vector256.ConditionalSelect(Vector256.LessThan(magnitude.AsInt16(), Vector256.Create((short)8)).AsUInt16(), tiny, value);
            value = Vector256.ConditionalSelect(Vector256.Equals(magnitude, Vector256.Create((ushort)0x7F)), Vector256.Create((ushort)0x7FC0), value);
            (value | ((code & Vector256.Create((ushort)0x80)) << 8)).Store(target + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Wide(Vector128<short> low, Vector128<short> high)
    {
        (Vector256<int> first, Vector256<int> second) = Vector256.Widen(Vector256.Create(low, high));
        return Vector512.Create(first, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ToSingles(byte* codes, float[] values, float* target, int steps, int columns)
    {
        fixed (float* value = values)
        {
            for (int step = 0; step < steps; step++)
            {
                float* even = target + (2L * step * columns);
                float* odd = even + columns;
                for (int column = 0; column < columns; column++, codes += 2)
                {
                    even[column] = value[codes[0]];
                    odd[column] = value[codes[1]];
                }
            }
        }
    }

    private static float[] Values(ElementType type) =>
        [.. Enumerable.Range(0, 256).Select(code => type == ElementType.I8 ? (sbyte)code : E4M3.ToSingle((byte)code))];

    // Upper, then lower bytes of the bfloat16 values of the first 128 codes. The code -128 would read entry 0, but it is never written.
    private static byte[] MagnitudeBytes(float[] values)
    {
        byte[] bytes = new byte[256];
        for (int code = 0; code < 128; code++)
        {
            ushort bits = Conversion.ToBf16(values[code]);
            (bytes[code], bytes[128 + code]) = ((byte)(bits >> 8), (byte)bits);
        }

        return bytes;
    }
}
