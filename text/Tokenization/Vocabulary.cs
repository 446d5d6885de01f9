namespace HunyuanOrleans.Text.Tokenization;

/// <summary>A tokenizer as lists of texts, which other formats of files can store.</summary>
/// <param name="PreTokenizer">The name of its pre-tokenizer in GGUF files: "hunyuan" or "hunyuan-dense".</param>
/// <param name="Tokens">The text of every token: the byte-level alphabet for ordinary ones, plain text for added ones; empty for unused ids.</param>
/// <param name="Kinds">The kind of every token.</param>
/// <param name="Merges">The pairs that merge, "left right", in the order in which they merge.</param>
public sealed record Vocabulary(
    string PreTokenizer, IReadOnlyList<string> Tokens, IReadOnlyList<TokenKind> Kinds, IReadOnlyList<string> Merges)
{
    /// <summary>Lists a tokenizer.</summary>
    /// <exception cref="TextException">Its pre-tokenizer is none of Hunyuan's, so GGUF has no name for it.</exception>
    public static Vocabulary Of(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        TokenizerDefinition definition = tokenizer.Definition;
        string[] texts = new string[definition.Tokens.Count];
        TokenKind[] kinds = new TokenKind[texts.Length];
        for (int id = 0; id < texts.Length; id++)
        {
            texts[id] = ByteLevelAlphabet.Encode(definition.Tokens[id]);
            kinds[id] = texts[id].Length > 0 ? TokenKind.Normal : TokenKind.Unused;
        }

        foreach (AddedToken token in definition.AddedTokens)
        {
            texts[token.Id] = token.Text;
            kinds[token.Id] = token.Special ? TokenKind.Special : TokenKind.Added;
        }

        return new Vocabulary(PreTokenizerName(definition), texts, kinds, Merged(definition, texts));
    }

    private static string PreTokenizerName(TokenizerDefinition definition)
    {
        if (definition.PreTokenizers is [HunyuanPreTokenizer])
        {
            return GgufTokenizer.MoePreTokenizer;
        }

        return definition.PreTokenizers.Count == GgufTokenizer.DensePatterns.Length
            ? GgufTokenizer.DensePreTokenizer
            : throw new TextException("The tokenizer splits text in a way that GGUF has no name for; allowed: the pre-tokenizers of Hunyuan models.");
    }

    // Of several pairs with one rank, all of which give the same token, the one counts that merging the token's bytes leads to.
    private static List<string> Merged(TokenizerDefinition definition, string[] texts)
    {
        List<string> merges = [];
        foreach (var rank in definition.Merges.Pairs.GroupBy(static pair => pair.Rank).OrderBy(static group => group.Key))
        {
            (int Left, int Right, int Rank, int Merged)[] pairs = [.. rank];
            (int, int) only = (pairs[0].Left, pairs[0].Right);
            (int left, int right) = pairs.Length == 1 ? only : LastMerge(definition, pairs[0].Merged, rank.Key) ?? only;
            merges.Add($"{texts[left]} {texts[right]}");
        }

        return merges;
    }

    private static (int Left, int Right)? LastMerge(TokenizerDefinition definition, int token, int rank)
    {
        List<int> parts = [];
        foreach (byte value in definition.Tokens[token])
        {
            parts.Add(definition.Tokens.Find([value]));
        }

        while (parts.Count > 2)
        {
            int best = -1, bestRank = rank;
            for (int i = 0; i + 1 < parts.Count; i++)
            {
                int found = definition.Merges.Rank(parts[i], parts[i + 1]);
                if (found < bestRank)
                {
                    (best, bestRank) = (i, found);
                }
            }

            if (best < 0)
            {
                return null;
            }

            parts[best] = definition.Merges.Merged(parts[best], parts[best + 1]);
            parts.RemoveAt(best + 1);
        }

        return parts.Count == 2 ? (parts[0], parts[1]) : null;
    }
}

/// <summary>The kinds of tokens.</summary>
public enum TokenKind
{
    /// <summary>A token that text is encoded to.</summary>
    Normal,

    /// <summary>A special token, which only templates write.</summary>
    Special,

    /// <summary>A token that is recognised by its whole text and is not special.</summary>
    Added,

    /// <summary>An id without a token.</summary>
    Unused,
}
