namespace HunyuanOrleans.Text.Tokenization;

/// <summary>What a tokenizer file says, ready to use.</summary>
/// <param name="Tokens">Every token's bytes; ids that are not in use are empty.</param>
/// <param name="Pairs">Which pairs merge.</param>
/// <param name="Splitters">The splits, each applied to the pieces of the one before.</param>
/// <param name="Added">The tokens recognised by their text.</param>
/// <param name="Normalize">Whether text is brought to normalisation form C first.</param>
/// <param name="WholePieces">Whether a piece that is a token becomes that token, whatever merging would give.</param>
internal sealed record TokenizerParts(
    TokenTable Tokens,
    PairTable Pairs,
    IReadOnlyList<IPieceSplitter> Splitters,
    IReadOnlyList<AddedToken> Added,
    bool Normalize,
    bool WholePieces);
