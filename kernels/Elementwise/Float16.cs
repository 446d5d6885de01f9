using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HunyuanOrleans.Kernels.Elementwise;

/// <summary>Rounds 16 values at a time to float16, to nearest, ties to even. Results have the same bits on every machine.</summary>
internal static unsafe class Float16
{
    private const int DroppedBits = 13;
    private const float SmallestNormal = 1f / (1 << 14);
    private const float Largest = 65504f;

    // 1.5 * 2^-1. Its unit in the last place is 2^-24, that of subnormal float16 values, so adding it rounds to a multiple of 2^-24.
    private const float SubnormalMagic = 0.75f;

    /// <summary>The nearest float16 values, as float32. Results beyond ±65504 become infinities; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round16(Vector512<float> values)
    {
        Vector512<uint> bits = values.AsUInt32();
        Vector512<uint> even = (bits >> DroppedBits) & Vector512.Create(1u);
        Vector512<uint> normal = (bits + Vector512.Create((1u << (DroppedBits - 1)) - 1) + even) & Vector512.Create(uint.MaxValue << DroppedBits);
        Vector512<float> magic = Vector512.Create(SubnormalMagic);
        Vector512<float> small = values + magic - magic;
        Vector512<float> magnitude = Vector512.Abs(values);
        Vector512<float> rounded = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(SmallestNormal)), small, normal.AsSingle());
        Vector512<float> limited = Vector512.ConditionalSelect(
            Vector512.GreaterThan(Vector512.Abs(rounded), Vector512.Create(Largest)),
            Vector512.CopySign(Vector512.Create(float.PositiveInfinity), values),
            rounded);
        return Vector512.ConditionalSelect(Vector512.Equals(values, values), limited, values);
    }

    /// <summary>Stores 16 values as float16; float16 must be able to represent them exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store16(Vector512<float> values, ushort* destination)
    {
        Vector512<uint> bits = values.AsUInt32();
        Vector512<uint> magnitude = bits & Vector512.Create(0x7FFFFFFFu);
        Vector512<uint> normal = (magnitude >> DroppedBits) - Vector512.Create(112u << 10);
        Vector512<uint> small = (magnitude.AsSingle() + Vector512.Create(SubnormalMagic)).AsUInt32() & Vector512.Create(0x3FFu);
        Vector512<uint> special = Vector512.Create(0x7C00u) | ((magnitude >> DroppedBits) & Vector512.Create(0x3FFu));
        Vector512<uint> isSmall = Vector512.LessThan(magnitude.AsSingle(), Vector512.Create(SmallestNormal)).AsUInt32();
        Vector512<uint> isFinite = Vector512.LessThanOrEqual(magnitude.AsSingle(), Vector512.Create(Largest)).AsUInt32();
        Vector512<uint> half = Vector512.ConditionalSelect(isFinite, Vector512.ConditionalSelect(isSmall, small, normal), special);
        half |= (bits >> 16) & Vector512.Create(0x8000u);
        (Avx512F.IsSupported ? Avx512F.ConvertToVector256UInt16(half) : Vector256.Narrow(half.GetLower(), half.GetUpper())).Store(destination);
    }
}
