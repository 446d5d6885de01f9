using HunyuanOrleans.Text.Templates.Jinja.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Syntax;

/// <summary>
/// Cuts a template into text and tags and applies white-space control: the signs in <c>{%-</c>, <c>-%}</c>, <c>{%+</c>, <c>+%}</c>
/// and the trim and lstrip options. What stands inside a tag is left to <see cref="TagLexer"/>.
/// </summary>
internal sealed class Lexer
{
    private readonly string source;
    private readonly TemplateOptions options;
    private readonly List<Token> tokens = [];
    private readonly TagLexer tags;
    private int position;
    private int line = 1;
    private bool atLineStart = true;

    private Lexer(string source, TemplateOptions options)
    {
        this.source = source;
        this.options = options;
        tags = new TagLexer(source, tokens);
    }

    public static List<Token> Tokenize(string source, TemplateOptions options)
    {
        if (source.Length > options.MaxSourceChars)
        {
            throw new TemplateException(
                $"the template has {source.Length} characters; at most {options.MaxSourceChars} are allowed (TemplateOptions.MaxSourceChars)", 1);
        }

        string text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (!options.KeepTrailingNewline && text.EndsWith('\n'))
        {
            text = text[..^1];
        }

        Lexer lexer = new(text, options);
        lexer.Run();
        return lexer.tokens;
    }

    private void Run()
    {
        while (position < source.Length)
        {
            int tag = FindTag(position);
            if (tag < 0)
            {
                AddData(source[position..]);
                position = source.Length;
                break;
            }

            int begin = position;
            char kind = source[tag + 1];
            int inner = tag + 2;
            char sign = SignAt(inner);
            AddData(StripBefore(source[begin..tag], sign, kind != '{'));
            line += CountLines(begin, tag);
            position = sign == '\0' ? inner : inner + 1;
            if (kind == '#')
            {
                SkipComment(tag);
            }
            else if (kind == '%' && TryRawBegin(inner, out int rawBody))
            {
                ReadRaw(rawBody);
            }
            else
            {
                ReadTag(kind);
            }

            atLineStart = source[position - 1] == '\n';
        }

        tokens.Add(new Token(TokenKind.End, "", line + CountLines(position, source.Length)));
    }

    private int FindTag(int from)
    {
        for (int at = source.IndexOf('{', from); at >= 0 && at + 1 < source.Length; at = source.IndexOf('{', at + 1))
        {
            if (source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }

        return -1;
    }

    private char SignAt(int at) => at < source.Length && source[at] is '-' or '+' ? source[at] : '\0';

    private void ReadTag(char kind)
    {
        bool output = kind == '{';
        tokens.Add(new Token(output ? TokenKind.OutputBegin : TokenKind.BlockBegin, "", line));
        (position, line) = tags.Read(position, line, at => EndOfTag(at, output), output ? "'}}'" : "'%}'");
        tokens.Add(new Token(output ? TokenKind.OutputEnd : TokenKind.BlockEnd, "", line));
        int end = EndOfTag(position, output);
        line += CountLines(position, end);
        position = end;
    }

    /// <summary>Where the tag's closing mark and the white space it swallows end, or -1 where no closing mark stands here.</summary>
    private int EndOfTag(int at, bool output)
    {
        string mark = output ? "}}" : "%}";
        if (Matches(at, mark))
        {
            return output ? at + 2 : SkipNewline(at + 2);
        }

        if (at < source.Length && source[at] == '-' && Matches(at + 1, mark))
        {
            return SkipSpaces(at + 3);
        }

        return !output && at < source.Length && source[at] == '+' && Matches(at + 1, mark) ? at + 3 : -1;
    }

    private void SkipComment(int tag)
    {
        int end = source.IndexOf("#}", position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw new TemplateException("a comment '{#' has no closing '#}'", line);
        }

        char sign = end > position ? source[end - 1] : '\0';
        int after = sign == '-' ? SkipSpaces(end + 2) : sign == '+' ? end + 2 : SkipNewline(end + 2);
        line += CountLines(tag, after);
        position = after;
    }

    private bool TryRawBegin(int inner, out int body)
    {
        body = -1;
        int at = SkipSpaces(SignAt(inner) == '\0' ? inner : inner + 1);
        if (!Matches(at, "raw"))
        {
            return false;
        }

        at = SkipSpaces(at + 3);
        body = Matches(at, "%}") ? at + 2 : Matches(at, "-%}") ? SkipSpaces(at + 3) : -1;
        return body >= 0;
    }

    private void ReadRaw(int body)
    {
        int opened = line;
        line += CountLines(position, body);
        atLineStart = source[body - 1] == '\n';
        for (int at = source.IndexOf("{%", body, StringComparison.Ordinal); at >= 0; at = source.IndexOf("{%", at + 1, StringComparison.Ordinal))
        {
            char sign = SignAt(at + 2);
            int name = SkipSpaces(sign == '\0' ? at + 2 : at + 3);
            int end = Matches(name, "endraw") ? EndOfTag(SkipSpaces(name + 6), output: false) : -1;
            if (end >= 0)
            {
                AddData(StripBefore(source[body..at], sign, block: true));
                line += CountLines(body, end);
                position = end;
                return;
            }
        }

        throw new TemplateException("'{% raw %}' has no closing '{% endraw %}'", opened);
    }

    private string StripBefore(string data, char sign, bool block)
    {
        if (sign == '-')
        {
            int length = data.Length;
            while (length > 0 && PyText.IsSpace(data[length - 1]))
            {
                length--;
            }

            return data[..length];
        }

        if (sign == '+' || !block || !options.LstripBlocks)
        {
            return data;
        }

        int start = data.LastIndexOf('\n') + 1;
        if (start == 0 && !atLineStart)
        {
            return data;
        }

        for (int i = start; i < data.Length; i++)
        {
            if (!PyText.IsSpace(data[i]))
            {
                return data;
            }
        }

        return data[..start];
    }

    private void AddData(string data)
    {
        if (data.Length > 0)
        {
            tokens.Add(new Token(TokenKind.Data, data, line));
        }
    }

    private int SkipSpaces(int at)
    {
        while (at < source.Length && PyText.IsSpace(source[at]))
        {
            at++;
        }

        return at;
    }

    private int SkipNewline(int at) => options.TrimBlocks && at < source.Length && source[at] == '\n' ? at + 1 : at;

    private bool Matches(int at, string text) => string.CompareOrdinal(source, at, text, 0, text.Length) == 0;

    private int CountLines(int from, int to) => from < to ? source.AsSpan(from, to - from).Count('\n') : 0;
}
