using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>
/// Quantises keys and values with the bits of the CPU: the scale is the smallest bfloat16 for which the largest magnitude does not exceed the largest
/// code, and codes are rounded to nearest, ties to even.
/// </summary>
internal static class KvQuantization
{
    private const uint InfinityBits = 0x7F800000;
    private const uint NotANumber = 0x7FC0;
    private const float LargestInteger = 127f;
    private const float LargestFloat = 448f;
    private const uint LargestFloatBits = 0x43E00000;
    private const uint SmallestNormal = 0x3C800000;

    // Its unit in the last place is that of the subnormal codes, 2^-9.
    private const float SubnormalMagic = 16384f;

    /// <summary>Bits of the bfloat16 scale for the largest magnitude, which is given by its bits. It is NaN if an element is infinite or NaN.</summary>
    public static uint Scale(uint largest, int format)
    {
        float scale = Ptx.Divide(Ptx.FromBits(largest), format == KvFormat.I8 ? LargestInteger : LargestFloat);
        uint rounded = (Ptx.BitsOf(scale) + 0xFFFF) >> 16;
        return largest >= InfinityBits ? NotANumber : rounded;
    }

    /// <summary>The code of a value.</summary>
    public static uint Code(float value, uint scale, int format)
    {
        float scaled = Ptx.Divide(value, Ptx.FromBits(scale << 16));
        uint code = format == KvFormat.I8 ? Integer(scaled) : Float(scaled);
        return scale == 0 || scale == NotANumber ? 0 : code;
    }

    private static uint Integer(float value) => (uint)Ptx.Round(Ptx.Min(Ptx.Max(value, -LargestInteger), LargestInteger)) & 0xFF;

    private static uint Float(float value)
    {
        uint bits = Ptx.BitsOf(value);
        uint magnitude = bits & 0x7FFFFFFF;
        magnitude = magnitude < LargestFloatBits ? magnitude : LargestFloatBits;
        uint normal = ((magnitude + 0x7FFFF + ((magnitude >> 20) & 1)) >> 20) - (120 << 3);
        uint subnormal = Ptx.BitsOf(Ptx.Add(Ptx.FromBits(magnitude), SubnormalMagic)) & 0xF;
        return (magnitude < SmallestNormal ? subnormal : normal) | ((bits & 0x80000000) >> 24);
    }
}
