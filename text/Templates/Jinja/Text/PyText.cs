using System.Globalization;
using System.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Text;

/// <summary>The views on text that templates expect: Python's white space, code points instead of UTF-16 units, and line breaks.</summary>
internal static class PyText
{
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';

    /// <summary>The line breaks of str.splitlines.</summary>
    public static bool IsLineBreak(char c) =>
        c is '\n' or '\r' or '\v' or '\f' or (>= '\u001c' and <= '\u001e') or '\u0085' or '\u2028' or '\u2029';

    public static bool HasPairs(string text)
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

    /// <summary>Number of code points; half a surrogate pair counts as one.</summary>
    public static int Count(string text)
    {
        int count = 0;
        for (int i = 0; i < text.Length; i += UnitsAt(text, i))
        {
            count++;
        }

        return count;
    }

    public static int UnitsAt(string text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]) ? 2 : 1;

    /// <summary>Start of every code point in UTF-16 units, with the length at the end.</summary>
    public static int[] Starts(string text)
    {
        List<int> starts = new(text.Length + 1);
        for (int i = 0; i < text.Length; i += UnitsAt(text, i))
        {
            starts.Add(i);
        }

        starts.Add(text.Length);
        return [.. starts];
    }

    /// <summary>Order by code points, which differs from UTF-16 order where pairs meet characters above U+DFFF.</summary>
    public static int Compare(string a, string b)
    {
        int length = Math.Min(a.Length, b.Length);
        for (int i = 0; i < length; i++)
        {
            if (a[i] != b[i])
            {
                bool pairA = char.IsSurrogate(a[i]);
                return pairA == char.IsSurrogate(b[i]) ? a[i].CompareTo(b[i]) : pairA ? 1 : -1;
            }
        }

        return a.Length.CompareTo(b.Length);
    }

    /// <summary>Whether repr shows the character as it is.</summary>
    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);

    public static string Capitalize(string text) => Title(text, static (_, index) => index == 0);

    /// <summary>str.title: a letter is upper case where no cased character stands before it.</summary>
    public static string TitleWords(string text) =>
        Title(text, static (s, index) => index == 0 || !(char.IsUpper(s[index - 1]) || char.IsLower(s[index - 1])));

    private static string Title(string text, Func<string, int, bool> starts) =>
        string.Create(text.Length, (text, starts), static (span, state) =>
    {
        string upper = state.text.ToUpperInvariant();
        string lower = state.text.ToLowerInvariant();
        for (int i = 0; i < span.Length; i++)
        {
            span[i] = state.starts(state.text, i) ? upper[i] : lower[i];
        }
    });
}
