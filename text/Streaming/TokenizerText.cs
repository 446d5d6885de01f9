using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Text.Streaming;

/// <summary>Provides the visible bytes of a tokenizer's tokens. Special tokens have none.</summary>
public sealed class TokenizerText(Tokenizer tokenizer) : ITokenText
{
    /// <inheritdoc/>
    public ReadOnlySpan<byte> TokenBytes(int id) => tokenizer.IsSpecial(id) ? [] : tokenizer.TokenBytes(id);
}
