namespace HunyuanOrleans.Grammar.Automata;

/// <summary>A set of bytes.</summary>
internal struct ByteSet
{
    private ulong _word0, _word1, _word2, _word3;

    /// <summary>True if the set is empty.</summary>
    public readonly bool IsEmpty => (_word0 | _word1 | _word2 | _word3) == 0;

    /// <summary>Returns the set of all bytes.</summary>
    public static ByteSet All
    {
        get
        {
            ByteSet all = default;
            all.AddRange(0, byte.MaxValue);
            return all;
        }
    }

    /// <summary>Returns whether the set contains a byte.</summary>
    public readonly bool Contains(byte value) => ((value < 128 ? value < 64 ? _word0 : _word1 : value < 192 ? _word2 : _word3) >> (value & 63) & 1) != 0;

    /// <summary>Adds the bytes of a range, bounds included.</summary>
    public void AddRange(byte low, byte high)
    {
        _word0 |= BitsOf(low, high, 0);
        _word1 |= BitsOf(low, high, 64);
        _word2 |= BitsOf(low, high, 128);
        _word3 |= BitsOf(low, high, 192);
    }

    /// <summary>Returns the bits of a range that lie in the word which begins at a byte.</summary>
    private static ulong BitsOf(int low, int high, int first)
    {
        (low, high) = (Math.Max(low - first, 0), Math.Min(high - first, 63));
        return low > high ? 0 : ulong.MaxValue >> (63 - (high - low)) << low;
    }
}
