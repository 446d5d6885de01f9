using System.Globalization;
using System.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Text;

/// <summary>Text properties as Python defines them: white space, line breaks, case, and code points instead of UTF-16 code units.</summary>
internal static class PythonText
{
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';

    /// <summary>Whether str.splitlines splits here.</summary>
    public static bool IsLineBreak(char c) =>
        c is '\n' or '\r' or '\v' or '\f' or (>= '\u001c' and <= '\u001e') or '\u0085' or '\u2028' or '\u2029';

    public static bool HasSurrogatePairs(string text)
    {
        foreach (char c in text)
        {
            if (char.IsHighSurrogate(c))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The number of code points. A lone surrogate counts as one.</summary>
    public static int CodePointCount(string text)
    {
        int count = 0;
        for (int i = 0; i < text.Length; i += CodeUnitsAt(text, i))
        {
            count++;
        }

        return count;
    }

    public static int CodeUnitsAt(string text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]) ? 2 : 1;

    /// <summary>The index of every code point in UTF-16 code units, followed by the length of the text.</summary>
    public static int[] CodePointStarts(string text)
    {
        List<int> starts = new(text.Length + 1);
        for (int i = 0; i < text.Length; i += CodeUnitsAt(text, i))
        {
            starts.Add(i);
        }

        starts.Add(text.Length);
        return [.. starts];
    }

    /// <summary>Compares by code points. This differs from the order of UTF-16 code units for surrogate pairs and characters above U+DFFF.</summary>
    public static int Compare(string a, string b)
    {
        int length = Math.Min(a.Length, b.Length);
        for (int i = 0; i < length; i++)
        {
            if (a[i] != b[i])
            {
                bool surrogate = char.IsSurrogate(a[i]);
                return surrogate == char.IsSurrogate(b[i]) ? a[i].CompareTo(b[i]) : surrogate ? 1 : -1;
            }
        }

        return a.Length.CompareTo(b.Length);
    }

    /// <summary>Whether repr writes the character unescaped.</summary>
    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);

    /// <summary>As str.capitalize.</summary>
    public static string Capitalize(string text) => MapCase(text, static (_, index) => index == 0);

    /// <summary>As str.title: a letter becomes upper case unless a cased character precedes it.</summary>
    public static string TitleCase(string text) =>
        MapCase(text, static (s, index) => index == 0 || !(char.IsUpper(s[index - 1]) || char.IsLower(s[index - 1])));

    private static string MapCase(string text, Func<string, int, bool> isUpper) =>
        string.Create(text.Length, (text, isUpper), static (span, state) =>
    {
        string upper = state.text.ToUpperInvariant();
        string lower = state.text.ToLowerInvariant();
        for (int i = 0; i < span.Length; i++)
        {
            span[i] = state.isUpper(state.text, i) ? upper[i] : lower[i];
        }
    });
}
