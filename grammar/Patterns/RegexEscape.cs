using System.Globalization;

namespace HunyuanOrleans.Grammar.Patterns;

/// <summary>Reads escapes and single characters of a regular expression.</summary>
internal static class RegexEscape
{
    private const string Controls = "n\nr\rt\tf\fv\v0\0";

    /// <summary>The characters of the escape at a backslash; moves behind it.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="at">Where the backslash is.</param>
    /// <param name="inClass">Within brackets, where <c>\b</c> is a character.</param>
    /// <param name="error">Makes an error of a problem.</param>
    public static CodePoints Read(string pattern, ref int at, bool inClass, Func<string, Exception> error)
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
                CodePoints set = (c | 0x20) switch { 'd' => CodePoints.Digits, 'w' => CodePoints.Word, _ => CodePoints.Space };
                return char.IsUpper(c) ? set.Complement() : set;
            case 'b' when inClass:
                at++;
                return CodePoints.One('\b');
            case 'x':
                return CodePoints.One(Hex(pattern, ref at, 2, error));
            case 'u' when at + 1 < pattern.Length && pattern[at + 1] == '{':
                return CodePoints.One(Braced(pattern, ref at, error));
            case 'u':
                return CodePoints.One(Unit(pattern, ref at, error));
            case 'p' or 'P':
                throw error($"uses \\{c}, which is not supported; write the characters as ranges");
            case >= '1' and <= '9' or 'k':
                throw error("refers back to a group, which is not supported");
        }

        for (int i = 0; i < Controls.Length; i += 2)
        {
            if (Controls[i] == c)
            {
                at++;
                return CodePoints.One(Controls[i + 1]);
            }
        }

        if (char.IsAsciiLetterOrDigit(c))
        {
            throw error($"uses \\{c}, which is not supported");
        }

        return CodePoints.One(Character(pattern, ref at));
    }

    /// <summary>The character at a place; moves behind it. A lone surrogate reads as U+FFFD.</summary>
    public static int Character(string pattern, ref int at)
    {
        System.Text.Rune.DecodeFromUtf16(pattern.AsSpan(at), out System.Text.Rune rune, out int length);
        at += length;
        return rune.Value;
    }

    private static int Unit(string pattern, ref int at, Func<string, Exception> error)
    {
        int first = Hex(pattern, ref at, 4, error);
        if (!char.IsSurrogate((char)first))
        {
            return first;
        }

        if (char.IsHighSurrogate((char)first) && pattern.AsSpan(at).StartsWith("\\u"))
        {
            at++;
            int second = Hex(pattern, ref at, 4, error);
            if (char.IsLowSurrogate((char)second))
            {
                return char.ConvertToUtf32((char)first, (char)second);
            }
        }

        throw error($"has half a character, \\u{first:x4}");
    }

    private static int Braced(string pattern, ref int at, Func<string, Exception> error)
    {
        int end = pattern.IndexOf('}', at);
        if (end > at + 2 && end - at - 2 <= 6
            && int.TryParse(pattern.AsSpan(at + 2, end - at - 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value)
            && System.Text.Rune.IsValid(value))
        {
            at = end + 1;
            return value;
        }

        throw error("has a \\u{ } that is no character");
    }

    private static int Hex(string pattern, ref int at, int digits, Func<string, Exception> error)
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
