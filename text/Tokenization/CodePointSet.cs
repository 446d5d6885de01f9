using System.Globalization;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// A character class of a split pattern: Unicode categories, white space and ranges, possibly negated. Immutable.
/// </summary>
/// <param name="Categories">One bit per <see cref="UnicodeCategory"/>.</param>
/// <param name="WhiteSpace">Whether code points with the property White_Space belong to the set.</param>
/// <param name="Ranges">The first and last code point of each range, in sequence.</param>
/// <param name="Negated">Whether the set is the complement of these.</param>
internal sealed record CodePointSet(uint Categories, bool WhiteSpace, int[] Ranges, bool Negated)
{
    /// <summary>Whether the code point belongs to the set.</summary>
    public bool Contains(int codePoint) => ContainsBeforeNegation(codePoint) != Negated;

    private bool ContainsBeforeNegation(int codePoint)
    {
        if (Categories != 0 && ((Categories >> (int)CharUnicodeInfo.GetUnicodeCategory(codePoint)) & 1) != 0)
        {
            return true;
        }

        if (WhiteSpace && CodePoints.IsWhiteSpace(codePoint))
        {
            return true;
        }

        for (int i = 0; i < Ranges.Length; i += 2)
        {
            if (codePoint >= Ranges[i] && codePoint <= Ranges[i + 1])
            {
                return true;
            }
        }

        return false;
    }
}
