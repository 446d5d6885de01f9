namespace HunyuanOrleans.Text.Streaming;

/// <summary>Provides the bytes that each token adds to the visible text of an answer.</summary>
public interface ITokenText
{
    /// <summary>
    /// The UTF-8 bytes of a token, possibly only part of a character; empty for special tokens, which users do not see, and for padding
    /// ids.
    /// </summary>
    ReadOnlySpan<byte> TokenBytes(int id);
}
