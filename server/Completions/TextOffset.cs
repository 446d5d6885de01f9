using System.Text;

namespace HunyuanOrleans.Server.Completions;

/// <summary>Counts the code points of a text whose bytes come in pieces, which may end inside a character.</summary>
internal sealed class TextOffset
{
    private readonly Decoder _decoder = new UTF8Encoding(false).GetDecoder();

    /// <summary>The number of complete code points so far. Invalid parts count as the U+FFFD that they are decoded to.</summary>
    public int CodePoints { get; private set; }

    /// <summary>Appends bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes) => Count(bytes, flush: false);

    /// <summary>Ends a text: the bytes of an incomplete character count as one code point.</summary>
    public void Flush() => Count([], flush: true);

    private void Count(ReadOnlySpan<byte> bytes, bool flush)
    {
        char[] chars = new char[_decoder.GetCharCount(bytes, flush)];
        _decoder.GetChars(bytes, chars, flush);
        foreach (char unit in chars)
        {
            CodePoints += char.IsLowSurrogate(unit) ? 0 : 1;
        }
    }
}
