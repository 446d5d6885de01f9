using HunyuanOrleans.Text.Templates.Jinja.Text;

namespace HunyuanOrleans.Text.Templates.Jinja.Syntax;

/// <summary>
/// Splits a template into text and tags, and applies white-space control: the signs in <c>{%-</c>, <c>-%}</c>, <c>{%+</c>, <c>+%}</c> and
/// the trim and lstrip options. <see cref="TagLexer"/> splits the inside of tags.
/// </summary>
internal sealed class Lexer
{
    private readonly string _source;
    private readonly TemplateOptions _options;
    private readonly List<Token> _tokens = [];
    private readonly TagLexer _tags;
    private int _position;
    private int _line = 1;
    private bool _atLineStart = true;

    private Lexer(string source, TemplateOptions options)
    {
        _source = source;
        _options = options;
        _tags = new TagLexer(source, _tokens);
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
        return lexer._tokens;
    }

    private void Run()
    {
        while (_position < _source.Length)
        {
            int tag = FindTag(_position);
            if (tag < 0)
            {
                AddData(_source[_position..]);
                _position = _source.Length;
                break;
            }

            int begin = _position;
            char kind = _source[tag + 1];
            int inner = tag + 2;
            char sign = SignAt(inner);
            AddData(StripBefore(_source[begin..tag], sign, kind != '{'));
            _line += CountLines(begin, tag);
            _position = sign == '\0' ? inner : inner + 1;
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

            _atLineStart = _source[_position - 1] == '\n';
        }

        _tokens.Add(new Token(TokenKind.End, "", _line + CountLines(_position, _source.Length)));
    }

    private int FindTag(int from)
    {
        for (int at = _source.IndexOf('{', from); at >= 0 && at + 1 < _source.Length; at = _source.IndexOf('{', at + 1))
        {
            if (_source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }

        return -1;
    }

    private char SignAt(int at) => at < _source.Length && _source[at] is '-' or '+' ? _source[at] : '\0';

    private void ReadTag(char kind)
    {
        bool output = kind == '{';
        _tokens.Add(new Token(output ? TokenKind.OutputBegin : TokenKind.BlockBegin, "", _line));
        (_position, _line) = _tags.Read(_position, _line, at => EndOfTag(at, output), output ? "'}}'" : "'%}'");
        _tokens.Add(new Token(output ? TokenKind.OutputEnd : TokenKind.BlockEnd, "", _line));
        int end = EndOfTag(_position, output);
        _line += CountLines(_position, end);
        _position = end;
    }

    /// <summary>The position after a closing mark and the white space it removes; -1 if there is no closing mark at this position.</summary>
    private int EndOfTag(int at, bool output)
    {
        string mark = output ? "}}" : "%}";
        if (Matches(at, mark))
        {
            return output ? at + 2 : SkipNewline(at + 2);
        }

        if (at < _source.Length && _source[at] == '-' && Matches(at + 1, mark))
        {
            return SkipSpaces(at + 3);
        }

        return !output && at < _source.Length && _source[at] == '+' && Matches(at + 1, mark) ? at + 3 : -1;
    }

    private void SkipComment(int tag)
    {
        int end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw new TemplateException("a comment '{#' has no closing '#}'", _line);
        }

        char sign = end > _position ? _source[end - 1] : '\0';
        int after = sign == '-' ? SkipSpaces(end + 2) : sign == '+' ? end + 2 : SkipNewline(end + 2);
        _line += CountLines(tag, after);
        _position = after;
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
        int opened = _line;
        _line += CountLines(_position, body);
        _atLineStart = _source[body - 1] == '\n';
        for (int at = _source.IndexOf("{%", body, StringComparison.Ordinal); at >= 0; at = _source.IndexOf("{%", at + 1, StringComparison.Ordinal))
        {
            char sign = SignAt(at + 2);
            int name = SkipSpaces(sign == '\0' ? at + 2 : at + 3);
            int end = Matches(name, "endraw") ? EndOfTag(SkipSpaces(name + 6), output: false) : -1;
            if (end >= 0)
            {
                AddData(StripBefore(_source[body..at], sign, block: true));
                _line += CountLines(body, end);
                _position = end;
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
            while (length > 0 && PythonText.IsSpace(data[length - 1]))
            {
                length--;
            }

            return data[..length];
        }

        if (sign == '+' || !block || !_options.LstripBlocks)
        {
            return data;
        }

        int start = data.LastIndexOf('\n') + 1;
        if (start == 0 && !_atLineStart)
        {
            return data;
        }

        for (int i = start; i < data.Length; i++)
        {
            if (!PythonText.IsSpace(data[i]))
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
            _tokens.Add(new Token(TokenKind.Data, data, _line));
        }
    }

    private int SkipSpaces(int at)
    {
        while (at < _source.Length && PythonText.IsSpace(_source[at]))
        {
            at++;
        }

        return at;
    }

    private int SkipNewline(int at) => _options.TrimBlocks && at < _source.Length && _source[at] == '\n' ? at + 1 : at;

    private bool Matches(int at, string text) => string.CompareOrdinal(_source, at, text, 0, text.Length) == 0;

    private int CountLines(int from, int to) => from < to ? _source.AsSpan(from, to - from).Count('\n') : 0;
}
