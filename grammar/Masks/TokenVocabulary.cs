using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Grammar.Masks;

/// <summary>
/// The bytes of every token as the automata read them. A token without visible bytes, a special one, is read as a code of its own
/// that no UTF-8 text contains, so that a grammar can ask for it and no text can stand in for it. Immutable.
/// </summary>
/// <param name="text">The tokens' visible bytes.</param>
/// <param name="size">Number of ids.</param>
internal sealed class TokenVocabulary(ITokenText text, int size)
{
    /// <summary>Bytes from here on occur in no UTF-8 text.</summary>
    private const byte NeverInText = 0xF8;

    private const byte SpecialMark = 0xFF;

    /// <summary>Longest code of a special token.</summary>
    public const int CodeLength = 4;

    /// <summary>Number of ids.</summary>
    public int Size => size;

    /// <summary>The code that stands for a token without visible bytes.</summary>
    public static byte[] CodeOf(int id)
    {
        byte[] code = new byte[CodeLength];
        WriteCode(id, code);
        return code;
    }

    /// <summary>The bytes of a token; empty where it can be part of no text at all.</summary>
    /// <param name="id">The token.</param>
    /// <param name="room">At least <see cref="CodeLength"/> bytes for a code.</param>
    public ReadOnlySpan<byte> BytesOf(int id, Span<byte> room)
    {
        if ((uint)id >= (uint)size)
        {
            return [];
        }

        ReadOnlySpan<byte> bytes = text.TokenBytes(id);
        if (bytes.IsEmpty)
        {
            WriteCode(id, room);
            return room[..CodeLength];
        }

        return bytes.ContainsAnyInRange(NeverInText, byte.MaxValue) ? [] : bytes;
    }

    private static void WriteCode(int id, Span<byte> room)
    {
        room[0] = SpecialMark;
        room[1] = (byte)(id >> 16);
        room[2] = (byte)(id >> 8);
        room[3] = (byte)id;
    }
}
