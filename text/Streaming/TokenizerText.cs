using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Text.Streaming;

/// <summary>Provides the bytes of a tokenizer's tokens.</summary>
/// <param name="tokenizer">The tokenizer.</param>
/// <param name="skipSpecial">Whether special tokens have no bytes. Default true: the text that readers see.</param>
public sealed class TokenizerText(Tokenizer tokenizer, bool skipSpecial = true) : ITokenText
{
    /// <inheritdoc/>
    public ReadOnlySpan<byte> TokenBytes(int id) => skipSpecial && tokenizer.IsSpecial(id) ? [] : tokenizer.TokenBytes(id);
}
