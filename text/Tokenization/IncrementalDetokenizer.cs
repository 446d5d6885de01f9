using System.Text;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// Turns the ids of one stream into text as they come: what it gives, joined, is what <see cref="Tokenizer.Decode"/> gives for all ids.
/// Bytes that may still become a character are kept back, so no piece ends in half of one. One per stream, not thread-safe.
/// </summary>
/// <param name="tokenizer">The tokenizer of the ids.</param>
/// <param name="skipSpecial">Whether special tokens are left out.</param>
public sealed class IncrementalDetokenizer(Tokenizer tokenizer, bool skipSpecial)
{
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private char[] chars = new char[64];

    /// <summary>
    /// The text that became complete with this id, often empty. Bytes give U+FFFD once it is certain that they are not valid.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is negative.</exception>
    public string Append(int id) => Convert(tokenizer.BytesOf(id, skipSpecial), flush: false);

    /// <summary>The end of the stream: U+FFFD for bytes kept back, else empty. Afterwards a new stream may begin.</summary>
    public string Flush() => Convert([], flush: true);

    private string Convert(ReadOnlySpan<byte> bytes, bool flush)
    {
        // Bytes kept back may give a character (two chars) or U+FFFD on top of what these bytes give.
        int most = Encoding.UTF8.GetMaxCharCount(bytes.Length) + 2;
        if (most > chars.Length)
        {
            chars = new char[most];
        }

        int count = decoder.GetChars(bytes, chars, flush);
        return count == 0 ? string.Empty : new string(chars, 0, count);
    }
}
