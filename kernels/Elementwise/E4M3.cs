using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HunyuanOrleans.Kernels.Elementwise;

/// <summary>
/// Converts the 8-bit float format e4m3fn: 4 exponent bits with bias 7, 3 mantissa bits, no infinities. Codes 0x7F and 0xFF are NaN, the
/// largest value is 448, and below 2^-6 values are multiples of 2^-9. bfloat16 represents every value exactly. Results have the same bits
/// on every machine.
/// </summary>
public static class E4M3
{
    /// <summary>Largest value.</summary>
    public const float Max = 448f;

    /// <summary>The code of NaN. With the sign bit it is NaN too.</summary>
    internal const byte NaN = 0x7F;

    // Its unit in the last place is 2^-9, so adding it rounds to a multiple of 2^-9.
    private const float SubnormalMagic = 16384f;
    private const uint SmallestNormal = 0x3C800000;
    private const uint SignBit = 0x80000000;
    private const int DroppedBits = 20;
    private const uint BiasDifference = 120 << 3;

    /// <summary>The value of a code, exactly.</summary>
    public static float ToSingle(byte code) => Decode16(Vector512.Create((uint)code))[0];

    /// <summary>The code of the nearest value, ties to even. Values beyond ±448, including infinities, become ±448; NaN stays NaN.</summary>
    public static byte FromSingle(float value) => (byte)Encode16(Vector512.Create(value))[0];

    /// <summary>The values of 16 codes, one in each 32-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Decode16(Vector512<uint> codes)
    {
        Vector512<uint> magnitude = codes & Vector512.Create(0x7Fu);

        // The exponent biases differ by 120. Multiplying by 2^120 corrects that exactly, for subnormal values too.
        Vector512<uint> value = ((magnitude << DroppedBits).AsSingle() * BitConverter.UInt32BitsToSingle((120u + 127) << 23)).AsUInt32();
        value = Vector512.ConditionalSelect(Vector512.Equals(magnitude, Vector512.Create(0x7Fu)), Vector512.Create(0x7FC00000u), value);
        return (value | ((codes & Vector512.Create(0x80u)) << 24)).AsSingle();
    }

    /// <summary>The codes of 16 values, one in each 32-bit lane, rounded as in <see cref="FromSingle"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<uint> Encode16(Vector512<float> values)
    {
        Vector512<uint> bits = values.AsUInt32();
        Vector512<uint> magnitude = bits & Vector512.Create(~SignBit);
        Vector512<uint> limited = Vector512.Min(magnitude, Vector512.Create(BitConverter.SingleToUInt32Bits(Max)));
        Vector512<uint> even = (limited >> DroppedBits) & Vector512.Create(1u);
        Vector512<uint> bias = Vector512.Create(unchecked((1u << (DroppedBits - 1)) - 1 - (BiasDifference << DroppedBits)));
        Vector512<uint> normal = (limited + bias + even) >> DroppedBits;
        Vector512<uint> subnormal = (limited.AsSingle() + Vector512.Create(SubnormalMagic)).AsUInt32() & Vector512.Create(0xFu);

        // Magnitudes are positive as signed integers too, which every instruction set can compare.
        Vector512<uint> isSubnormal = Vector512.LessThan(limited.AsInt32(), Vector512.Create((int)SmallestNormal)).AsUInt32();
        Vector512<uint> isNaN = Vector512.GreaterThan(magnitude.AsInt32(), Vector512.Create(0x7F800000)).AsUInt32();
        Vector512<uint> code = Vector512.ConditionalSelect(isNaN, Vector512.Create((uint)NaN), Vector512.ConditionalSelect(isSubnormal, subnormal, normal));
        return code | ((bits >> 24) & Vector512.Create(0x80u));
    }

    /// <summary>Rounds 16 values to values that a code can represent, as in <see cref="FromSingle"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Round16(Vector512<float> values)
    {
        Vector512<uint> bits = values.AsUInt32();
        Vector512<uint> sign = bits & Vector512.Create(SignBit);
        Vector512<uint> magnitude = bits ^ sign;
        Vector512<uint> limited = Vector512.Min(magnitude, Vector512.Create(BitConverter.SingleToUInt32Bits(Max)));
        Vector512<uint> even = (limited >> DroppedBits) & Vector512.Create(1u);
        Vector512<uint> normal = (limited + Vector512.Create((1u << (DroppedBits - 1)) - 1) + even) & Vector512.Create(uint.MaxValue << DroppedBits);
        Vector512<float> magic = Vector512.Create(SubnormalMagic);
        Vector512<uint> subnormal = (limited.AsSingle() + magic - magic).AsUInt32();
        Vector512<uint> rounded = Vector512.ConditionalSelect(Vector512.LessThan(limited, Vector512.Create(SmallestNormal)), subnormal, normal);
        rounded = Vector512.ConditionalSelect(Vector512.GreaterThan(magnitude, Vector512.Create(0x7F800000u)), Vector512.Create(0x7FC00000u), rounded);
        return (rounded | sign).AsSingle();
    }
}
