namespace HunyuanOrleans.Kernels.Devices;

/// <summary>
/// A value and a token id in one integer. In descending order, larger values come first, and of equal values the lower id. There are no
/// ties, so every selection algorithm selects the same tokens. The kernels of GPUs write the same keys.
/// </summary>
public static class SortKey
{
    private const int NegativeZero = int.MinValue;

    /// <summary>Creates the key of a value, which must not be NaN, and a token id. Both zeros are the same value.</summary>
    public static ulong Of(float value, int id)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        bits = bits == NegativeZero ? 0 : bits;
        uint ordered = (uint)bits ^ ((uint)(bits >> 31) | 0x80000000u);
        return ((ulong)ordered << 32) | ~(uint)id;
    }

    /// <summary>Gets the token id of a key.</summary>
    public static int Id(ulong key) => (int)~(uint)key;

    /// <summary>Gets the value of a key.</summary>
    public static float Value(ulong key)
    {
        uint ordered = (uint)(key >> 32);
        uint bits = ordered ^ ((uint)((int)~ordered >> 31) | 0x80000000u);
        return BitConverter.UInt32BitsToSingle(bits);
    }
}
