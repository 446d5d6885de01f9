namespace HunyuanOrleans.Text.Tokenization;

/// <summary>The content of a tokenizer file, ready to use.</summary>
/// <param name="Tokens">The bytes of every token; empty for unused ids.</param>
/// <param name="Merges">The pairs that merge.</param>
/// <param name="PreTokenizers">The pre-tokenizers. Each splits the pieces of the previous one.</param>
/// <param name="AddedTokens">The tokens recognised by their text.</param>
/// <param name="Normalize">Whether text is normalised to form C first.</param>
/// <param name="IgnoreMerges">Whether a piece that equals a token becomes that token without applying merges.</param>
internal sealed record TokenizerDefinition(
    TokenTable Tokens,
    MergeTable Merges,
    IReadOnlyList<IPreTokenizer> PreTokenizers,
    IReadOnlyList<AddedToken> AddedTokens,
    bool Normalize,
    bool IgnoreMerges);
