namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// The alphabet in which <c>tokenizer.json</c> writes bytes. Printable Latin-1 characters stand for themselves, and the characters from
/// U+0100 on stand for the other 68 bytes, in order.
/// </summary>
internal static class ByteLevelAlphabet
{
    private const int Shifted = 0x100;

    private static readonly short[] Bytes = Build();

    /// <summary>Converts the text of a token to bytes; false if a character is not in the alphabet.</summary>
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

    /// <summary>Writes bytes in the alphabet.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        char[] text = new char[bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            text[i] = (char)Array.IndexOf(Bytes, (short)bytes[i]);
        }

        return new string(text);
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
