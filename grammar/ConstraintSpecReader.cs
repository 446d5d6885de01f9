using System.Globalization;

namespace HunyuanOrleans.Grammar;

/// <summary>Reads the text of a spec: a letter for its kind, a length or count, a colon, and what it is about.</summary>
internal sealed class ConstraintSpecReader(string text)
{
    /// <summary>Deepest nesting; specs come from programs, never from users.</summary>
    private const int MaxDepth = 64;

    private int _at;
    private int _depth;

    /// <summary>Reads all of it.</summary>
    /// <exception cref="FormatException">It is no spec.</exception>
    public ConstraintSpec Read()
    {
        ConstraintSpec spec = Part();
        return _at == text.Length ? spec : throw Malformed();
    }

    private ConstraintSpec Part()
    {
        if (_at == text.Length || ++_depth > MaxDepth)
        {
            throw Malformed();
        }

        ConstraintSpec spec = text[_at++] switch
        {
            'j' => ConstraintSpec.Json,
            's' => ConstraintSpec.JsonSchema(Words()),
            'r' => ConstraintSpec.Regex(Words()),
            'l' => ConstraintSpec.Literal(Words()),
            't' => ConstraintSpec.Special(Number(Words())),
            'q' => ConstraintSpec.Sequence(Parts()),
            'o' => ConstraintSpec.OneOf(Parts()),
            'x' => Repeat(),
            'n' => ConstraintSpec.Named(Words(), Part()),
            _ => throw Malformed(),
        };
        _depth--;
        return spec;
    }

    private ConstraintSpec Repeat()
    {
        string[] bounds = Until(':').Split(',');
        if (bounds.Length != 2)
        {
            throw Malformed();
        }

        int min = Number(bounds[0]);
        int? max = bounds[1].Length == 0 ? null : Number(bounds[1]);
        return max < min ? throw Malformed() : ConstraintSpec.Repeat(Part(), min, max);
    }

    private ConstraintSpec[] Parts()
    {
        int count = Number(Until(':'));
        List<ConstraintSpec> parts = [];
        for (int i = 0; i < count; i++)
        {
            parts.Add(Part());
        }

        return [.. parts];
    }

    private string Words()
    {
        int length = Number(Until(':'));
        if (length > text.Length - _at)
        {
            throw Malformed();
        }

        _at += length;
        return text.Substring(_at - length, length);
    }

    private string Until(char end)
    {
        int at = text.IndexOf(end, _at);
        string found = at < 0 ? throw Malformed() : text[_at..at];
        _at = at + 1;
        return found;
    }

    private int Number(string digits)
        => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : throw Malformed();

    private FormatException Malformed() => new($"The text is no constraint's, from character {_at} on.");
}
