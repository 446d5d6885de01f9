using HunyuanOrleans.Text.Answers;
using HunyuanOrleans.Text.Tokenization;

namespace HunyuanOrleans.Text.Streaming;

/// <summary>Provides the bytes of a tokenizer's tokens.</summary>
/// <param name="tokenizer">The tokenizer.</param>
/// <param name="skipSpecial">
/// Whether special tokens have no bytes. Default true: the text that readers see. Marks of reasoning and tool calls always have bytes, because answers are
/// divided by them.
/// </param>
public sealed class TokenizerText(Tokenizer tokenizer, bool skipSpecial = true) : ITokenText
{
    private readonly HashSet<int> _marks = skipSpecial
        ? [.. tokenizer.SpecialTokens.Where(static token => HyV3Marks.IsMark(token.Text)).Select(static token => token.Id)]
        : [];

    /// <inheritdoc/>
    public ReadOnlySpan<byte> TokenBytes(int id) => skipSpecial && tokenizer.IsSpecial(id) && !_marks.Contains(id) ? [] : tokenizer.TokenBytes(id);
}
