using System.Buffers;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>Finds the leftmost added token in a text, and the longest of those that begin at the same position. Immutable.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly SearchValues<string> _any;
    private readonly Dictionary<string, AddedToken>.AlternateLookup<ReadOnlySpan<char>> _byText;
    private readonly int[] _lengths;

    /// <summary>Creates a matcher for tokens with different texts.</summary>
    public AddedTokenMatcher(IReadOnlyList<AddedToken> tokens)
    {
        _any = SearchValues.Create([.. tokens.Select(token => token.Text)], StringComparison.Ordinal);
        _byText = tokens.ToDictionary(token => token.Text).GetAlternateLookup<ReadOnlySpan<char>>();
        _lengths = [.. tokens.Select(token => token.Text.Length).Distinct().OrderDescending()];
    }

    /// <summary>Finds the first added token.</summary>
    /// <param name="text">The text to search.</param>
    /// <param name="index">The position of the token, or a negative number.</param>
    /// <returns>The token; null if there is none.</returns>
    public AddedToken? Find(ReadOnlySpan<char> text, out int index)
    {
        index = _lengths.Length == 0 ? -1 : text.IndexOfAny(_any);
        if (index < 0)
        {
            return null;
        }

        foreach (int length in _lengths)
        {
            if (index + length <= text.Length && _byText.TryGetValue(text.Slice(index, length), out AddedToken? token))
            {
                return token;
            }
        }

        throw new InvalidOperationException("A token was found that is not in the list it was searched from.");
    }
}
