using System.Globalization;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// A set of code points as a split pattern writes it: Unicode categories, white space and ranges, perhaps negated. Immutable.
/// </summary>
/// <param name="Categories">One bit per <see cref="UnicodeCategory"/>.</param>
/// <param name="WhiteSpace">Whether the White_Space property belongs to the set.</param>
/// <param name="Ranges">First and last code point of each range, one after the other.</param>
/// <param name="Negated">Whether the set is everything but these.</param>
internal sealed record CodePointSet(uint Categories, bool WhiteSpace, int[] Ranges, bool Negated)
{
    /// <summary>Whether the code point belongs to the set.</summary>
    public bool Contains(int codePoint) => Listed(codePoint) != Negated;

    private bool Listed(int codePoint)
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
