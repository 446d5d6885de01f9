using System.Globalization;
using System.Text;
using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Gbnf;

/// <summary>The text of a grammar and the position of its reader. Errors name the line and the column.</summary>
internal sealed class GbnfText
{
    /// <summary>Maximum length of a grammar in UTF-16 units.</summary>
    private const int MaxLength = 1 << 18;

    /// <summary>Pairs of an escape letter and the character that it stands for.</summary>
    private const string Escapes = "n\nr\rt\t\\\\\"\"[[]]--^^";

    private readonly GrammarContext _context;
    private readonly string _text;
    private (int At, int Line, int Column) _place = (0, 1, 1);

    /// <summary>Starts to read a grammar.</summary>
    /// <exception cref="ConstraintException">The grammar is too long.</exception>
    public GbnfText(GrammarContext context, string text)
    {
        (_context, _text) = (context, text);
        if (text.Length > MaxLength)
        {
            throw context.Error($"The grammar has {text.Length} characters; allowed are {MaxLength}.");
        }
    }

    /// <summary>Index of the next character.</summary>
    public int At { get; private set; }

    /// <summary>The next character, or null at the end.</summary>
    public char? Next => At < _text.Length ? _text[At] : null;

    /// <summary>Skips white space, line breaks and comments.</summary>
    public void SkipSpace()
    {
        while (Next is ' ' or '\t' or '\r' or '\n' or '#')
        {
            if (_text[At] == '#')
            {
                int end = _text.AsSpan(At).IndexOfAny('\n', '\r');
                At = end < 0 ? _text.Length : At + end;
            }
            else
            {
                At++;
            }
        }
    }

    /// <summary>Takes a text if it comes next.</summary>
    public bool TryTake(string expected)
    {
        bool found = string.CompareOrdinal(_text, At, expected, 0, expected.Length) == 0;
        At += found ? expected.Length : 0;
        return found;
    }

    /// <summary>Takes the name of a rule, or returns null if none comes next.</summary>
    public string? TryTakeName()
    {
        int start = At;
        while (Next is char c && (char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            At++;
        }

        return At == start ? null : _text[start..At];
    }

    /// <summary>Returns whether the definition of a rule comes next: a name and <c>::=</c>.</summary>
    public bool IsAtDefinition()
    {
        int start = At;
        bool found = TryTakeName() is not null;
        SkipSpace();
        found &= TryTake("::=");
        At = start;
        return found;
    }

    /// <summary>Takes a whole number, or returns null if none comes next.</summary>
    public int? TryTakeNumber()
    {
        int start = At;
        while (Next is >= '0' and <= '9')
        {
            At++;
        }

        return At == start ? null
            : int.TryParse(_text.AsSpan(start, At - start), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
            : throw Error(start, $"repeats {_text[start..At]} times, which is too many");
    }

    /// <summary>Takes one character of a literal or a class, which may be an escape.</summary>
    public int TakeCharacter()
    {
        if (Next != '\\')
        {
            Rune.DecodeFromUtf16(_text.AsSpan(At), out Rune rune, out int length);
            At += length;
            return rune.Value;
        }

        int start = At++;
        char? letter = Next;
        At++;
        for (int i = 0; i < Escapes.Length; i += 2)
        {
            if (Escapes[i] == letter)
            {
                return Escapes[i + 1];
            }
        }

        return letter switch
        {
            'x' => TakeHex(start, 2),
            'u' => TakeHex(start, 4),
            'U' => TakeHex(start, 8),
            null => throw Error(start, "ends in a backslash"),
            _ => throw Error(start, $"""has the unknown escape \{letter}; allowed are \n \r \t \\ \" \[ \] \- \^ \xHH \uHHHH and \UHHHHHHHH"""),
        };
    }

    /// <summary>Creates the exception for a problem at an index of the text.</summary>
    public ConstraintException Error(int at, string problem) => _context.Error($"The grammar {problem} ({PlaceOf(at)}).");

    /// <summary>Returns the line and the column of an index, both from 1, columns in characters. Indices in the order of the text are found fastest.</summary>
    public string PlaceOf(int at)
    {
        if (at < _place.At)
        {
            _place = (0, 1, 1);
        }

        (int i, int line, int column) = _place;
        for (; i < at && i < _text.Length; i++)
        {
            bool newLine = _text[i] == '\n' || (_text[i] == '\r' && !(i + 1 < _text.Length && _text[i + 1] == '\n'));
            line += newLine ? 1 : 0;
            column = newLine ? 1 : column + (char.IsLowSurrogate(_text[i]) ? 0 : 1);
        }

        _place = (i, line, column);
        return string.Create(CultureInfo.InvariantCulture, $"line {line}, column {column}");
    }

    private int TakeHex(int start, int digits)
    {
        if (At + digits <= _text.Length
            && uint.TryParse(_text.AsSpan(At, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value))
        {
            At += digits;
            return Rune.IsValid(value) ? (int)value : throw Error(start, $"has the escape {_text[start..At]}, which is not a Unicode character");
        }

        throw Error(start, $"has an escape without its {digits} hexadecimal digits");
    }
}
