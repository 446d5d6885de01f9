using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Kernels.Packing;

/// <summary>
/// Converts source rows to the 4-byte words of a packed matrix, as <see cref="PackedLayout"/> defines them. Rows that have the type of the
/// matrix are copied with their scale. Other rows of a quantised matrix are quantised: scale = largest magnitude / largest code, and codes are
/// rounded to nearest, ties to even. A row with a NaN or an infinity gets the scale NaN. Every instruction set gives the same bytes.
/// </summary>
internal static unsafe class RowEncoder
{
    /// <summary>Largest magnitude of an I8 code that this class produces. Rows that are stored as I8 may also contain -128.</summary>
    public const float MaxInteger = 127f;

    // 1.5 * 2^23: adding it rounds to an integer that is left in the low mantissa bits.
    private const float RoundingMagic = 12582912f;

    /// <summary>The scale of a row in an I8 or F8E4M3 matrix.</summary>
    public static float Scale(in SourceRow row, ElementType target, int columns)
    {
        if (row.Address == 0)
        {
            return 0;
        }

        if (row.Type == target)
        {
            return target == ElementType.F8E4M3 && HasNaN(row, 0, columns) ? float.NaN : RowDecoder.Scale(row, 0);
        }

        float largest = RowDecoder.LargestMagnitude(row, columns);
        return float.IsFinite(largest) ? largest / (target == ElementType.I8 ? MaxInteger : E4M3.Max) : float.NaN;
    }

    /// <summary>
    /// Whether columns of a row of 8-bit floats contain a NaN. All products of such a row are NaN, which its scale says too. So kernels need not tell the
    /// codes of NaN from others.
    /// </summary>
    public static bool HasNaN(in SourceRow row, int first, int columns) =>
        new ReadOnlySpan<byte>((byte*)row.Address + first, columns).ContainsAny(E4M3.NaN, (byte)(E4M3.NaN | 0x80));

    /// <summary>Writes the words of steps [step, step + steps), padded with zeros after the last column.</summary>
    /// <param name="target">The matrix.</param>
    /// <param name="row">The row.</param>
    /// <param name="scale">From <see cref="Scale"/>; ignored if the matrix is not quantised.</param>
    /// <param name="step">First step.</param>
    /// <param name="steps">Number of steps.</param>
    /// <param name="words">Receives the words.</param>
    /// <param name="values">Scratch memory for one float32 per column of the steps.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Encode(PackedMatrix target, in SourceRow row, float scale, int step, int steps, uint* words, float* values)
    {
        int perStep = target.Type.ElementsPerStep();
        int column = step * perStep;
        int columns = Math.Clamp(target.Columns - column, 0, steps * perStep);
        if (row.Address == 0 || columns < steps * perStep)
        {
            new Span<uint>(words, steps).Clear();
        }

        if (row.Address != 0)
        {
            if (row.Type == target.Type || !(row.Type.IsQuantized() || target.Type.IsQuantized()))
            {
                byte* source = (byte*)row.Address + ((long)column * row.Type.Size());
                Conversion.Convert(source, row.Type, (byte*)words, target.Type, columns);
            }
            else
            {
                RowDecoder.Read(row, column, columns, values);
                Quantize(values, columns, scale, target.Type, (byte*)words);
            }
        }

        if (target.Type == ElementType.I8)
        {
            AddOffset(words, steps);
        }
        else if (target.KernelType == ElementType.F8E4M3)
        {
            SwapMiddleBytes(words, steps);
        }
    }

    /// <summary>Converts <paramref name="count"/> float32 values to elements of a type; quantised types divide by the scale first.</summary>
    internal static void Quantize(float* values, int count, float scale, ElementType type, byte* codes)
    {
        if (!type.IsQuantized())
        {
            Conversion.Convert((byte*)values, ElementType.F32, codes, type, count);
        }
        else if (!(scale > 0))
        {
            new Span<byte>(codes, count).Clear();
        }
        else if (type == ElementType.I8)
        {
            Quantize<IntegerCodes>(values, count, scale, codes);
        }
        else
        {
            Quantize<E4M3Codes>(values, count, scale, codes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Quantize<TCodes>(float* values, int count, float scale, byte* codes)
        where TCodes : ICodes
    {
        int i = 0;
        for (; i <= count - 16; i += 16)
        {
            Narrow(TCodes.Encode(Vector512.Load(values + i) / scale)).Store(codes + i);
        }

        if (i < count)
        {
            byte* tail = stackalloc byte[16];
            float* rest = stackalloc float[16];
            new Span<float>(values + i, count - i).CopyTo(new Span<float>(rest, 16));
            Narrow(TCodes.Encode(Vector512.Load(rest) / scale)).Store(tail);
            new Span<byte>(tail, count - i).CopyTo(new Span<byte>(codes + i, count - i));
        }
    }

    // Takes the lowest byte of each lane.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(Vector512<uint> codes)
    {
        if (Avx512F.IsSupported)
        {
            return Avx512F.ConvertToVector128Byte(codes);
        }

        Vector256<ushort> halves = Vector256.Narrow(codes.GetLower(), codes.GetUpper());
        return Vector128.Narrow(halves.GetLower(), halves.GetUpper());
    }

    /// <summary>The nearest integers, ties to even, clamped to ±127.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Integers16(Vector512<float> values)
    {
        Vector512<float> limited = Vector512.Min(Vector512.Max(values, Vector512.Create(-MaxInteger)), Vector512.Create(MaxInteger));
        return (limited + Vector512.Create(RoundingMagic)).AsInt32() - Vector512.Create(BitConverter.SingleToInt32Bits(RoundingMagic));
    }

    // q + 128 as an unsigned byte is q with its highest bit inverted.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddOffset(uint* words, int steps)
    {
        int i = 0;
        for (; i <= steps - Vector512<uint>.Count; i += Vector512<uint>.Count)
        {
            (Vector512.Load(words + i) ^ Vector512.Create(0x80808080)).Store(words + i);
        }

        for (; i < steps; i++)
        {
            words[i] ^= 0x80808080;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SwapMiddleBytes(uint* words, int steps)
    {
        int i = 0;
        for (; i <= steps - Vector512<uint>.Count; i += Vector512<uint>.Count)
        {
            Vector512<uint> word = Vector512.Load(words + i);
            Vector512<uint> outer = word & Vector512.Create(0xFF0000FFu);
            Vector512<uint> middle = Vector512.Create(0xFF00u);
            (outer | ((word & middle) << 8) | ((word >> 8) & middle)).Store(words + i);
        }

        for (; i < steps; i++)
        {
            words[i] = (words[i] & 0xFF0000FF) | ((words[i] & 0xFF00) << 8) | ((words[i] >> 8) & 0xFF00);
        }
    }

    /// <summary>The codes of a type. A type parameter, so that each type has a loop of its own.</summary>
    private interface ICodes
    {
        /// <summary>The codes of 16 values that are divided by their scale, in the lowest byte of each lane.</summary>
        static abstract Vector512<uint> Encode(Vector512<float> scaled);
    }

    private readonly struct IntegerCodes : ICodes
    {
        // The values are quotients of finite numbers. So limits need not treat NaN as Integers16 does, which takes more instructions.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<uint> Encode(Vector512<float> scaled)
        {
            Vector512<float> limited = Vector512.MinNative(Vector512.MaxNative(scaled, Vector512.Create(-MaxInteger)), Vector512.Create(MaxInteger));
            return (limited + Vector512.Create(RoundingMagic)).AsUInt32() - Vector512.Create(BitConverter.SingleToUInt32Bits(RoundingMagic));
        }
    }

    private readonly struct E4M3Codes : ICodes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<uint> Encode(Vector512<float> scaled) => E4M3.Encode16(scaled);
    }
}
