using System.Globalization;
using System.Text;

namespace HunyuanOrleans.Grammar.Patterns;

/// <summary>Parses escapes and single characters of a regular expression.</summary>
internal static class RegexEscapeParser
{
    /// <summary>Pairs of an escape letter and its control character.</summary>
    private const string ControlEscapes = "n\nr\rt\tf\fv\v0\0";

    /// <summary>Parses an escape and returns the characters that it stands for.</summary>
    /// <param name="pattern">The whole regular expression.</param>
    /// <param name="at">Index of the backslash; moved to the end of the escape.</param>
    /// <param name="inClass">True within brackets, where <c>\b</c> is the backspace character.</param>
    /// <param name="error">Creates the exception for a problem.</param>
    public static CodePointSet Parse(string pattern, ref int at, bool inClass, Func<string, Exception> error)
    {
        at++;
        if (at == pattern.Length)
        {
            throw error("ends in a backslash");
        }

        char c = pattern[at];
        switch (c)
        {
            case 'd' or 'D' or 'w' or 'W' or 's' or 'S':
                at++;
                CodePointSet set = (c | 0x20) switch { 'd' => CodePointSet.Digits, 'w' => CodePointSet.Word, _ => CodePointSet.Space };
                return char.IsUpper(c) ? set.Complement() : set;
            case 'b' when inClass:
                at++;
                return CodePointSet.Single('\b');
            case 'x':
                return CodePointSet.Single(ParseHex(pattern, ref at, 2, error));
            case 'u' when at + 1 < pattern.Length && pattern[at + 1] == '{':
                return CodePointSet.Single(ParseBraced(pattern, ref at, error));
            case 'u':
                return CodePointSet.Single(ParseCodeUnit(pattern, ref at, error));
            case 'p' or 'P':
                throw error($"uses \\{c}, which is not supported; write the characters as ranges");
            case >= '1' and <= '9' or 'k':
                throw error("refers back to a group, which is not supported");
        }

        for (int i = 0; i < ControlEscapes.Length; i += 2)
        {
            if (ControlEscapes[i] == c)
            {
                at++;
                return CodePointSet.Single(ControlEscapes[i + 1]);
            }
        }

        if (char.IsAsciiLetterOrDigit(c))
        {
            throw error($"uses \\{c}, which is not supported");
        }

        return CodePointSet.Single(ParseCharacter(pattern, ref at));
    }

    /// <summary>Parses the character at an index and moves the index to its end. A lone surrogate is read as U+FFFD.</summary>
    public static int ParseCharacter(string pattern, ref int at)
    {
        Rune.DecodeFromUtf16(pattern.AsSpan(at), out Rune rune, out int length);
        at += length;
        return rune.Value;
    }

    private static int ParseCodeUnit(string pattern, ref int at, Func<string, Exception> error)
    {
        int first = ParseHex(pattern, ref at, 4, error);
        if (!char.IsSurrogate((char)first))
        {
            return first;
        }

        if (char.IsHighSurrogate((char)first) && pattern.AsSpan(at).StartsWith("\\u"))
        {
            at++;
            int second = ParseHex(pattern, ref at, 4, error);
            if (char.IsLowSurrogate((char)second))
            {
                return char.ConvertToUtf32((char)first, (char)second);
            }
        }

        throw error($"has half a surrogate pair, \\u{first:x4}");
    }

    private static int ParseBraced(string pattern, ref int at, Func<string, Exception> error)
    {
        int end = pattern.IndexOf('}', at);
        if (end > at + 2 && end - at - 2 <= 6
            && int.TryParse(pattern.AsSpan(at + 2, end - at - 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value)
            && Rune.IsValid(value))
        {
            at = end + 1;
            return value;
        }

        throw error("has a \\u{ } that is not a character");
    }

    private static int ParseHex(string pattern, ref int at, int digits, Func<string, Exception> error)
    {
        at++;
        if (at + digits <= pattern.Length
            && int.TryParse(pattern.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value))
        {
            at += digits;
            return value;
        }

        throw error($"has an escape without its {digits} hexadecimal digits");
    }
}
