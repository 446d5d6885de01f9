using HunyuanOrleans.Text.Templates.Jinja.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Syntax;

/// <summary>Splits the inside of one tag into names, literals and operators. It does not know the text around tags.</summary>
internal sealed class TagLexer(string source, List<Token> tokens)
{
    private static readonly string[] Operators =
    [
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "(", ")", "[", "]", "{", "}", "<", ">", "=", ".", ":", "|", ",", ";",
    ];

    private readonly Stack<string> _closers = new();

    /// <summary>Reads tokens up to the closing mark.</summary>
    /// <param name="position">Where to begin.</param>
    /// <param name="line">The line of that position, from 1.</param>
    /// <param name="endAt">Returns the end of a closing mark at a position, or -1.</param>
    /// <param name="mark">The closing mark, for error messages.</param>
    /// <returns>The position and line of the closing mark.</returns>
    public (int Position, int Line) Read(int position, int line, Func<int, int> endAt, string mark)
    {
        int opened = line;
        _closers.Clear();
        while (true)
        {
            while (position < source.Length && PythonText.IsSpace(source[position]))
            {
                line += source[position] == '\n' ? 1 : 0;
                position++;
            }

            if (position >= source.Length)
            {
                throw new TemplateException($"expected {mark}, found the end of the template", opened);
            }

            if (_closers.Count == 0 && endAt(position) >= 0)
            {
                return (position, line);
            }

            int begin = position;
            tokens.Add(Next(ref position, line));
            line += source.AsSpan(begin, position - begin).Count('\n');
        }
    }

    private Token Next(ref int position, int line)
    {
        char c = source[position];
        if (c is '\'' or '"')
        {
            return new Token(TokenKind.String, StringLiteral.Read(source, ref position, line), line);
        }

        if (char.IsAsciiDigit(c))
        {
            return NumberLiteral.Read(source, ref position, line);
        }

        if (char.IsLetter(c) || c == '_')
        {
            int begin = position;
            while (position < source.Length && (char.IsLetterOrDigit(source[position]) || source[position] == '_'))
            {
                position++;
            }

            return new Token(TokenKind.Name, source[begin..position], line);
        }

        foreach (string op in Operators)
        {
            if (string.CompareOrdinal(source, position, op, 0, op.Length) == 0)
            {
                TrackBrackets(op, line);
                position += op.Length;
                return new Token(TokenKind.Operator, op, line);
            }
        }

        throw new TemplateException($"unexpected character '{source.Substring(position, PythonText.CodeUnitsAt(source, position))}' inside a tag", line);
    }

    private void TrackBrackets(string op, int line)
    {
        string? closer = op switch { "(" => ")", "[" => "]", "{" => "}", _ => null };
        if (closer is not null)
        {
            _closers.Push(closer);
        }
        else if (op is ")" or "]" or "}")
        {
            if (!_closers.TryPop(out string? expected))
            {
                throw new TemplateException($"unexpected '{op}'", line);
            }

            if (expected != op)
            {
                throw new TemplateException($"expected '{expected}', found '{op}'", line);
            }
        }
    }
}
