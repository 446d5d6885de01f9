using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Grammar.Masks;

/// <summary>
/// The bytes of every token as the automata read them. A special token has no visible bytes. It is read as a unique code that cannot
/// occur in UTF-8 text, so that a grammar can require the token and no text can imitate it. Immutable.
/// </summary>
/// <param name="text">The visible bytes of every token.</param>
/// <param name="size">Number of token ids.</param>
internal sealed class TokenVocabulary(ITokenText text, int size)
{
    /// <summary>This byte and greater ones never occur in UTF-8 text.</summary>
    private const byte FirstInvalidByte = 0xF8;

    /// <summary>First byte of every special token's code.</summary>
    private const byte SpecialCodePrefix = 0xFF;

    /// <summary>Length in bytes of the code of a special token.</summary>
    public const int SpecialCodeLength = 4;

    /// <summary>Number of token ids.</summary>
    public int Size => size;

    /// <summary>Returns the code of a special token.</summary>
    public static byte[] SpecialCodeOf(int id)
    {
        byte[] code = new byte[SpecialCodeLength];
        WriteSpecialCode(id, code);
        return code;
    }

    /// <summary>Returns the bytes of a token, or an empty span if the token cannot be part of any text.</summary>
    /// <param name="id">The token id.</param>
    /// <param name="buffer">At least <see cref="SpecialCodeLength"/> bytes. The result may lie in this buffer.</param>
    public ReadOnlySpan<byte> BytesOf(int id, Span<byte> buffer)
    {
        if ((uint)id >= (uint)size)
        {
            return [];
        }

        ReadOnlySpan<byte> bytes = text.TokenBytes(id);
        if (bytes.IsEmpty)
        {
            WriteSpecialCode(id, buffer);
            return buffer[..SpecialCodeLength];
        }

        return bytes.ContainsAnyInRange(FirstInvalidByte, byte.MaxValue) ? [] : bytes;
    }

    private static void WriteSpecialCode(int id, Span<byte> buffer)
    {
        buffer[0] = SpecialCodePrefix;
        buffer[1] = (byte)(id >> 16);
        buffer[2] = (byte)(id >> 8);
        buffer[3] = (byte)id;
    }
}
