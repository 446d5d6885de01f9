namespace HunyuanOrleans.Text.Templates.Jinja.Syntax;

/// <summary>Reads number literals: 12, 1_000, 0x1f, 0o17, 0b101, 1.5, 2e-3. Underscores are removed from the text of the token.</summary>
internal static class NumberLiteral
{
    private const int MaxDigits = 400;

    public static Token Read(string source, ref int position, int line)
    {
        int begin = position;
        TokenKind kind = TokenKind.Integer;
        if (source[position] == '0' && position + 1 < source.Length && IsRadix(source[position + 1], out Func<char, bool> digit))
        {
            position += 2;
            Digits(source, ref position, digit);
        }
        else
        {
            Digits(source, ref position, char.IsAsciiDigit);

            // A number after a dot is an index (a.0.1), not the start of a fraction.
            bool mayBeFloat = begin == 0 || source[begin - 1] != '.';
            if (mayBeFloat && At(source, position) == '.' && char.IsAsciiDigit(At(source, position + 1)))
            {
                position++;
                Digits(source, ref position, char.IsAsciiDigit);
                kind = TokenKind.Float;
            }

            if (mayBeFloat && At(source, position) is 'e' or 'E')
            {
                int exponent = position + (At(source, position + 1) is '+' or '-' ? 2 : 1);
                if (char.IsAsciiDigit(At(source, exponent)))
                {
                    position = exponent;
                    Digits(source, ref position, char.IsAsciiDigit);
                    kind = TokenKind.Float;
                }
            }
        }

        string text = source[begin..position].Replace("_", "", StringComparison.Ordinal);
        if (text.Length > MaxDigits)
        {
            throw new TemplateException($"a number has {text.Length} characters; at most {MaxDigits} are allowed", line);
        }

        return new Token(kind, text, line);
    }

    private static char At(string source, int position) => position < source.Length ? source[position] : '\0';

    private static void Digits(string source, ref int position, Func<char, bool> digit)
    {
        while (digit(At(source, position)) || (At(source, position) == '_' && digit(At(source, position + 1))))
        {
            position++;
        }
    }

    private static bool IsRadix(char c, out Func<char, bool> digit)
    {
        digit = char.ToLowerInvariant(c) switch
        {
            'x' => char.IsAsciiHexDigit,
            'o' => static d => d is >= '0' and <= '7',
            'b' => static d => d is '0' or '1',
            _ => static _ => false,
        };
        return char.ToLowerInvariant(c) is 'x' or 'o' or 'b';
    }
}
