using HunyuanOrleans.Cuda.Compilation;

namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>Integers in the order of float32 values.</summary>
internal static class FloatOrder
{
    /// <summary>The integer of minus infinity, the smallest of a number.</summary>
    public const uint NegativeInfinity = 0x007fffff;

    /// <summary>An unsigned integer that is larger for a larger value: above 0 for every number, 0 for NaN. Both zeros have the same.</summary>
    public static uint Of(float value)
    {
        // Adding zero makes a negative zero positive.
        uint bits = Ptx.BitsOf(Ptx.Add(value, 0));
        return (bits & 0x7fffffff) > 0x7f800000 ? 0 : bits ^ ((uint)((int)bits >> 31) | 0x80000000);
    }
}
