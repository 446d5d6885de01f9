namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// The alphabet in which <c>tokenizer.json</c> writes bytes: printable Latin-1 as itself, the other 68 bytes in order from U+0100 on.
/// </summary>
internal static class ByteAlphabet
{
    private const int Shifted = 0x100;

    private static readonly short[] Bytes = Build();

    /// <summary>The bytes a token's text stands for; false when a character is not of the alphabet.</summary>
    public static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length];
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] >= Bytes.Length || Bytes[text[i]] < 0)
            {
                return false;
            }

            bytes[i] = (byte)Bytes[text[i]];
        }

        return true;
    }

    private static short[] Build()
    {
        var bytes = new short[Shifted + 68];
        Array.Fill(bytes, (short)-1);
        int next = Shifted;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            bytes[printable ? value : next++] = (short)value;
        }

        return bytes;
    }
}
