namespace HunyuanOrleans.Text.Streaming;

/// <summary>What text the engine needs to know of: the bytes a token adds to the visible answer. Implemented over a tokenizer.</summary>
public interface ITokenText
{
    /// <summary>
    /// The UTF-8 bytes of a token, possibly part of a character; empty for special tokens, which users do not see, and for padding ids
    /// without text.
    /// </summary>
    ReadOnlySpan<byte> TokenBytes(int id);
}
