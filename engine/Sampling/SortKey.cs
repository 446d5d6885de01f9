namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// A value and a token id in one integer whose order is: larger value first, of equal values the lower id first, when sorted
/// falling. It gives ties one winner, so any selection algorithm picks the same tokens.
/// </summary>
internal static class SortKey
{
    /// <summary>The key of a value that is not NaN.</summary>
    public static ulong Of(float value, int id)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        uint ordered = (uint)bits ^ ((uint)(bits >> 31) | 0x80000000u);
        return ((ulong)ordered << 32) | ~(uint)id;
    }

    /// <summary>The token id of a key.</summary>
    public static int Id(ulong key) => (int)~(uint)key;

    /// <summary>The value of a key.</summary>
    public static float Value(ulong key)
    {
        uint ordered = (uint)(key >> 32);
        uint bits = ordered ^ ((uint)((int)~ordered >> 31) | 0x80000000u);
        return BitConverter.UInt32BitsToSingle(bits);
    }
}
