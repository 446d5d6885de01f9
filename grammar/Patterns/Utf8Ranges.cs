namespace HunyuanOrleans.Grammar.Patterns;

/// <summary>Ranges of characters as ranges of UTF-8 bytes, one after the other.</summary>
internal static class Utf8Ranges
{
    private static readonly int[] LastOfLength = [0x7F, 0x7FF, 0xFFFF];

    /// <summary>Appends the ways to write a character of a range, which holds no surrogate.</summary>
    public static void Add(int low, int high, List<(byte Low, byte High)[]> ways)
    {
        foreach (int last in LastOfLength)
        {
            if (low <= last && last < high)
            {
                Add(low, last, ways);
                Add(last + 1, high, ways);
                return;
            }
        }

        // Cut so that all bytes but one span are either fixed or free.
        for (int bits = 6; bits <= 18 && high > 0x7F; bits += 6)
        {
            int free = (1 << bits) - 1;
            if ((low & ~free) == (high & ~free))
            {
                break;
            }

            if ((low & free) != 0)
            {
                Add(low, low | free, ways);
                Add((low | free) + 1, high, ways);
                return;
            }

            if ((high & free) != free)
            {
                Add(low, (high & ~free) - 1, ways);
                Add(high & ~free, high, ways);
                return;
            }
        }

        Span<byte> first = stackalloc byte[4], last4 = stackalloc byte[4];
        int length = new System.Text.Rune(low).EncodeToUtf8(first);
        new System.Text.Rune(high).EncodeToUtf8(last4);
        var way = new (byte, byte)[length];
        for (int i = 0; i < length; i++)
        {
            way[i] = (first[i], last4[i]);
        }

        ways.Add(way);
    }
}
