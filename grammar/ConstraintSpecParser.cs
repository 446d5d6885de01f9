using System.Globalization;

namespace HunyuanOrleans.Grammar;

/// <summary>
/// Parses the text form of a <see cref="ConstraintSpec"/>: a letter for the kind, a length or count, a colon, and the contents.
/// </summary>
internal sealed class ConstraintSpecParser(string text)
{
    /// <summary>Maximum nesting depth. Programs write these texts, never users, so real ones are shallow.</summary>
    private const int MaxDepth = 64;

    private int _at;
    private int _depth;

    /// <summary>Parses the whole text.</summary>
    /// <exception cref="FormatException">The text is not a valid specification.</exception>
    public ConstraintSpec Parse()
    {
        ConstraintSpec spec = ReadPart();
        return _at == text.Length ? spec : throw Malformed();
    }

    private ConstraintSpec ReadPart()
    {
        if (_at == text.Length || ++_depth > MaxDepth)
        {
            throw Malformed();
        }

        ConstraintSpec spec = text[_at++] switch
        {
            'j' => ConstraintSpec.JsonObject,
            's' => ConstraintSpec.JsonSchema(ReadString()),
            'r' => ConstraintSpec.Regex(ReadString()),
            'g' => ConstraintSpec.Grammar(ReadString()),
            'l' => ConstraintSpec.Literal(ReadString()),
            'u' => ReadString() is { Length: > 0 and <= Nodes.UntilNode.MaxLength } mark ? ConstraintSpec.Until(mark) : throw Malformed(),
            't' => ConstraintSpec.SpecialToken(ParseNumber(ReadString())),
            'q' => ConstraintSpec.Sequence(ReadParts()),
            'o' => ConstraintSpec.OneOf(ReadParts()),
            'x' => ReadRepeat(),
            'p' => ConstraintSpec.TaggedText(ReadTags()),
            'v' => ConstraintSpec.TaggedText(ReadTags(), single: true),
            'w' => ConstraintSpec.AnyNumbers(ReadPart()),
            'n' => ConstraintSpec.ForParameter(ReadString(), ReadPart()),
            _ => throw Malformed(),
        };
        _depth--;
        return spec;
    }

    private ConstraintSpec ReadRepeat()
    {
        string[] bounds = ReadUntil(':').Split(',');
        if (bounds.Length != 2)
        {
            throw Malformed();
        }

        int min = ParseNumber(bounds[0]);
        int? max = bounds[1].Length == 0 ? null : ParseNumber(bounds[1]);
        return max < min ? throw Malformed() : ConstraintSpec.Repeat(ReadPart(), min, max);
    }

    private ConstraintSpec[] ReadParts()
    {
        int count = ParseNumber(ReadUntil(':'));
        List<ConstraintSpec> parts = [];
        for (int i = 0; i < count; i++)
        {
            parts.Add(ReadPart());
        }

        return [.. parts];
    }

    private (string Trigger, ConstraintSpec Continuation)[] ReadTags()
    {
        int count = ParseNumber(ReadUntil(':'));
        List<(string Trigger, ConstraintSpec Continuation)> tags = [];
        for (int i = 0; i < count; i++)
        {
            if (_at == text.Length || text[_at++] != 'l' || ReadString() is not { Length: > 0 } trigger)
            {
                throw Malformed();
            }

            tags.Add((trigger, ReadPart()));
        }

        return [.. tags];
    }

    private string ReadString()
    {
        int length = ParseNumber(ReadUntil(':'));
        if (length > text.Length - _at)
        {
            throw Malformed();
        }

        _at += length;
        return text.Substring(_at - length, length);
    }

    private string ReadUntil(char end)
    {
        int at = text.IndexOf(end, _at);
        string found = at < 0 ? throw Malformed() : text[_at..at];
        _at = at + 1;
        return found;
    }

    private int ParseNumber(string digits)
        => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : throw Malformed();

    private FormatException Malformed() => new($"The text is not a valid constraint from character {_at} on.");
}
