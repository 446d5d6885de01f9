namespace HunyuanOrleans.Grammar.Patterns;

/// <summary>Splits ranges of characters into sequences of UTF-8 byte ranges.</summary>
internal static class Utf8RangeSplitter
{
    /// <summary>The last character with an encoding of one, two and three bytes.</summary>
    private static readonly int[] LastOfLength = [0x7F, 0x7FF, 0xFFFF];

    /// <summary>Appends the sequences of byte ranges that encode the characters of a range.</summary>
    /// <param name="low">First character of the range.</param>
    /// <param name="high">Last character of the range. The range must not contain surrogates.</param>
    /// <param name="sequences">Receives the sequences.</param>
    public static void Add(int low, int high, List<(byte Low, byte High)[]> sequences)
    {
        foreach (int last in LastOfLength)
        {
            if (low <= last && last < high)
            {
                Add(low, last, sequences);
                Add(last + 1, high, sequences);
                return;
            }
        }

        // Split the range until each piece is a product of byte ranges: leading bytes fixed, one byte a range, trailing bytes unrestricted.
        for (int bits = 6; bits <= 18 && high > 0x7F; bits += 6)
        {
            int mask = (1 << bits) - 1;
            if ((low & ~mask) == (high & ~mask))
            {
                break;
            }

            if ((low & mask) != 0)
            {
                Add(low, low | mask, sequences);
                Add((low | mask) + 1, high, sequences);
                return;
            }

            if ((high & mask) != mask)
            {
                Add(low, (high & ~mask) - 1, sequences);
                Add(high & ~mask, high, sequences);
                return;
            }
        }

        Span<byte> firstBytes = stackalloc byte[4], lastBytes = stackalloc byte[4];
        int length = new System.Text.Rune(low).EncodeToUtf8(firstBytes);
        new System.Text.Rune(high).EncodeToUtf8(lastBytes);
        var sequence = new (byte, byte)[length];
        for (int i = 0; i < length; i++)
        {
            sequence[i] = (firstBytes[i], lastBytes[i]);
        }

        sequences.Add(sequence);
    }
}
