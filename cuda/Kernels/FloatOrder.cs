namespace HunyuanOrleans.Cuda.Kernels;

/// <summary>Integers in the order of float32 values.</summary>
internal static class FloatOrder
{
    /// <summary>The integer of minus infinity, the smallest of a number.</summary>
    public const uint NegativeInfinity = 0x007fffff;

    /// <summary>An unsigned integer that is larger for a larger value: above 0 for every number, 0 for NaN. The negative zero is the smaller one.</summary>
    /// <param name="bits">The bits of the value.</param>
    public static uint Of(uint bits)
        => (bits & 0x7fffffff) > 0x7f800000 ? 0 : bits ^ ((uint)((int)bits >> 31) | 0x80000000);
}
