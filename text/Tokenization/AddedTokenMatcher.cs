using System.Buffers;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>Finds added tokens in text: the leftmost, of several there the longest. Immutable.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly SearchValues<string> any;
    private readonly Dictionary<string, AddedToken>.AlternateLookup<ReadOnlySpan<char>> byText;
    private readonly int[] lengths;

    /// <summary>Creates a matcher for tokens with different texts.</summary>
    public AddedTokenMatcher(IReadOnlyList<AddedToken> tokens)
    {
        any = SearchValues.Create([.. tokens.Select(token => token.Text)], StringComparison.Ordinal);
        byText = tokens.ToDictionary(token => token.Text).GetAlternateLookup<ReadOnlySpan<char>>();
        lengths = [.. tokens.Select(token => token.Text.Length).Distinct().OrderDescending()];
    }

    /// <summary>Where the first added token lies; null when there is none.</summary>
    public AddedToken? Find(ReadOnlySpan<char> text, out int index)
    {
        index = lengths.Length == 0 ? -1 : text.IndexOfAny(any);
        if (index < 0)
        {
            return null;
        }

        foreach (int length in lengths)
        {
            if (index + length <= text.Length && byText.TryGetValue(text.Slice(index, length), out AddedToken? token))
            {
                return token;
            }
        }

        throw new InvalidOperationException("A token was found that is not in the list it was searched from.");
    }
}
