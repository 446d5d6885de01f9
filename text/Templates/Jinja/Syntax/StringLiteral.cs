using System.Globalization;
using System.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Syntax;

/// <summary>Reads a quoted string with Python's escapes. Unknown escapes are kept unchanged, as in Python.</summary>
internal static class StringLiteral
{
    public static string Read(string source, ref int position, int line)
    {
        char quote = source[position++];
        StringBuilder value = new();
        while (true)
        {
            if (position >= source.Length)
            {
                throw new TemplateException($"a string has no closing {quote}", line);
            }

            char c = source[position++];
            if (c == quote)
            {
                return value.ToString();
            }

            if (c != '\\' || position >= source.Length)
            {
                value.Append(c);
                continue;
            }

            Escape(source, ref position, value, line);
        }
    }

    private static void Escape(string source, ref int position, StringBuilder value, int line)
    {
        char c = source[position++];
        switch (c)
        {
            case '\n':
                break;
            case 'x':
                value.Append((char)Hex(source, ref position, 2, 'x', line));
                break;
            case 'u':
                value.Append((char)Hex(source, ref position, 4, 'u', line));
                break;
            case 'U':
                value.Append(FromCodePoint(Hex(source, ref position, 8, 'U', line), line));
                break;
            case >= '0' and <= '7':
                int octal = c - '0';
                for (int i = 0; i < 2 && position < source.Length && source[position] is >= '0' and <= '7'; i++)
                {
                    octal = (octal * 8) + (source[position++] - '0');
                }

                value.Append((char)octal);
                break;
            default:
                int simple = "abfnrtv\\'\"".IndexOf(c, StringComparison.Ordinal);
                value.Append(simple >= 0 ? "\a\b\f\n\r\t\v\\'\""[simple].ToString() : "\\" + c);
                break;
        }
    }

    private static long Hex(string source, ref int position, int digits, char letter, int line)
    {
        if (position + digits > source.Length
            || !long.TryParse(source.AsSpan(position, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long code))
        {
            throw new TemplateException($"the escape '\\{letter}' needs {digits} hexadecimal digits", line);
        }

        position += digits;
        return code;
    }

    private static string FromCodePoint(long code, int line) => Rune.IsValid((int)Math.Min(code, int.MaxValue))
        ? new Rune((int)code).ToString()
        : throw new TemplateException($"the escape '\\U{code:x8}' is not a Unicode character", line);
}
