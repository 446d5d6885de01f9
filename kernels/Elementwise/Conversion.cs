using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HunyuanOrleans.Kernels.Elementwise;

/// <summary>Converts between float32, float16 and bfloat16. Conversions to bfloat16 round to nearest, ties to even; NaN stays NaN.</summary>
public static unsafe class Conversion
{
    /// <summary>The float32 value of a bfloat16.</summary>
    public static float ToSingle(ushort bf16) => BitConverter.UInt32BitsToSingle((uint)bf16 << 16);

    /// <summary>The nearest bfloat16.</summary>
    public static ushort ToBf16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value))
        {
            return (ushort)((bits >> 16) | 0x40);
        }

        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>Converts <paramref name="source"/> elements to float32.</summary>
    /// <param name="source">Elements of type <paramref name="type"/>, at least as many as the destination holds.</param>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <param name="destination">Receives the values.</param>
    public static void ToSingles(ReadOnlySpan<byte> source, ElementType type, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(source.Length, destination.Length * type.Size(), nameof(source));
        fixed (byte* from = source)
        fixed (float* to = destination)
        {
            Convert(from, type, (byte*)to, ElementType.F32, destination.Length);
        }
    }

    /// <summary>Converts float32 values to the bytes of F32 or BF16 elements, rounding to the nearest.</summary>
    /// <exception cref="ArgumentException">The type is another one, or the lengths do not match.</exception>
    public static void FromSingles(ReadOnlySpan<float> source, ElementType type, Span<byte> destination)
    {
        if (type is not (ElementType.F32 or ElementType.BF16) || destination.Length != source.Length * type.Size())
        {
            throw new ArgumentException($"{source.Length} values do not become {destination.Length} bytes of {type}.", nameof(destination));
        }

        fixed (float* from = source)
        fixed (byte* to = destination)
        {
            Convert((byte*)from, ElementType.F32, to, type, source.Length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Convert(byte* source, ElementType from, byte* destination, ElementType to, int count)
    {
        if (from == to)
        {
            Buffer.MemoryCopy(source, destination, (long)count * to.Size(), (long)count * to.Size());
            return;
        }

        int done = 0;
        switch (from, to)
        {
            case (ElementType.BF16, ElementType.F32):
                for (; done <= count - 16; done += 16)
                {
                    LoadBf16((ushort*)source + done).Store((float*)destination + done);
                }

                break;
            case (ElementType.F32, ElementType.BF16):
                for (; done <= count - 16; done += 16)
                {
                    StoreBf16(Vector512.Load((float*)source + done), (ushort*)destination + done);
                }

                break;
            case (ElementType.F16, ElementType.F32):
                for (; done <= count - 16; done += 16)
                {
                    LoadF16((ushort*)source + done).Store((float*)destination + done);
                }

                break;
            case (ElementType.F16, ElementType.BF16):
                for (; done <= count - 16; done += 16)
                {
                    StoreBf16(LoadF16((ushort*)source + done), (ushort*)destination + done);
                }

                break;
        }

        for (int i = done; i < count; i++)
        {
            float value = from switch
            {
                ElementType.F32 => ((float*)source)[i],
                ElementType.F16 => (float)((Half*)source)[i],
                ElementType.BF16 => ToSingle(((ushort*)source)[i]),
                _ => throw new ArgumentOutOfRangeException(nameof(from), from, "Only F32, F16 and BF16 can be converted."),
            };
            if (to == ElementType.F32)
            {
                ((float*)destination)[i] = value;
            }
            else
            {
                ((ushort*)destination)[i] = ToBf16(value);
            }
        }
    }

    /// <summary>Stores 16 float32 values as bfloat16 with the rounding of <see cref="ToBf16"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreBf16(Vector512<float> value, ushort* destination)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.ConvertToVector256UInt16(RoundUpper(value) >> 16).Store(destination);
            return;
        }

        StoreBf16(value.GetLower(), value.GetUpper(), destination);
    }

    /// <summary>Stores the 16 values of two halves, as <see cref="StoreBf16(Vector512{float}, ushort*)"/> does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreBf16(Vector256<float> lower, Vector256<float> upper, ushort* destination) =>
        Vector256.Narrow(RoundUpper(lower) >> 16, RoundUpper(upper) >> 16).Store(destination);

    /// <summary>Rounds values to those of bfloat16, as <see cref="ToBf16"/> does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> RoundToBf16(Vector512<float> value) => (RoundUpper(value) & Vector512.Create(0xFFFF0000u)).AsSingle();

    /// <inheritdoc cref="RoundToBf16(Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> RoundToBf16(Vector256<float> value) => (RoundUpper(value) & Vector256.Create(0xFFFF0000u)).AsSingle();

    // The upper halves of the lanes are the rounded values.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> RoundUpper(Vector512<float> value)
    {
        Vector512<uint> bits = value.AsUInt32();
        Vector512<uint> rounded = bits + Vector512.Create(0x7FFFu) + ((bits >> 16) & Vector512.Create(1u));
        return Vector512.ConditionalSelect(Vector512.Equals(value, value).AsUInt32(), rounded, bits | Vector512.Create(0x400000u));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> RoundUpper(Vector256<float> value)
    {
        Vector256<uint> bits = value.AsUInt32();
        Vector256<uint> rounded = bits + Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256.Create(1u));
        return Vector256.ConditionalSelect(Vector256.Equals(value, value).AsUInt32(), rounded, bits | Vector256.Create(0x400000u));
    }

    /// <summary>Loads 16 bfloat16 values as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> LoadBf16(ushort* source)
    {
        return (Widen16(source) << 16).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Widen16(ushort* source)
    {
        if (Avx512F.IsSupported)
        {
            return Avx512F.ConvertToVector512UInt32(Vector256.Load(source));
        }

        (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Load(source));
        return Vector512.Create(low, high);
    }

    /// <summary>Loads 16 float16 values as float32, exactly. A signalling NaN becomes quiet, as in the runtime's scalar conversion.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> LoadF16(ushort* source)
    {
        Vector512<uint> half = Widen16(source);
        Vector512<uint> magnitude = half & Vector512.Create(0x7FFFu);
        Vector512<uint> shifted = magnitude << 13;

        // The exponent biases differ by 112. Multiplying by 2^112 corrects that exactly, for subnormal values too. Infinity and NaN get the
        // largest exponent instead.
        Vector512<uint> scaled = (shifted.AsSingle() * BitConverter.UInt32BitsToSingle(0x77800000)).AsUInt32();
        Vector512<uint> quiet = Vector512.GreaterThan(magnitude, Vector512.Create(0x7C00u)) & Vector512.Create(0x400000u);
        Vector512<uint> special = shifted | quiet | Vector512.Create(0x7F800000u);
        Vector512<uint> value = Vector512.ConditionalSelect(Vector512.GreaterThan(magnitude, Vector512.Create(0x7BFFu)), special, scaled);
        return (value | ((half & Vector512.Create(0x8000u)) << 16)).AsSingle();
    }
}
