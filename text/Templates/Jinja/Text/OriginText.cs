namespace HunyuanOrleans.Text.Templates.Jinja.Text;

/// <summary>
/// An immutable string that records for each UTF-16 code unit whether it comes from the template or the request. It does not know values
/// or templates.
/// </summary>
/// <remarks>There are two origins, so the origin of the first unit and the positions where the origin changes describe the whole text.</remarks>
internal sealed class OriginText
{
    public static readonly OriginText Empty = new("", true, []);

    private readonly int[] _changes;

    public OriginText(string text, bool fromTemplate)
        : this(text, fromTemplate, [])
    {
    }

    internal OriginText(string text, bool startsFromTemplate, int[] changes)
    {
        Text = text;
        StartsFromTemplate = startsFromTemplate;
        _changes = changes;
    }

    public string Text { get; }

    public int Length => Text.Length;

    /// <summary>Whether the first unit comes from the template.</summary>
    internal bool StartsFromTemplate { get; }

    /// <summary>The positions where the origin changes, in ascending order.</summary>
    internal ReadOnlySpan<int> Changes => _changes;

    public bool FromTemplateAt(int position) => StartsFromTemplate ^ ((ChangesUpTo(position) & 1) == 1);

    /// <summary>The end (exclusive) of the run of equal origin that contains the position.</summary>
    public int RunEnd(int position)
    {
        int index = ChangesUpTo(position);
        return index < _changes.Length ? _changes[index] : Text.Length;
    }

    public OriginText Slice(int start, int length)
    {
        if (length == 0)
        {
            return Empty;
        }

        if (length == Text.Length)
        {
            return this;
        }

        string part = Text.Substring(start, length);
        if (_changes.Length == 0)
        {
            return new OriginText(part, StartsFromTemplate, _changes);
        }

        int from = ChangesUpTo(start);
        int to = from;
        while (to < _changes.Length && _changes[to] < start + length)
        {
            to++;
        }

        int[] inner = new int[to - from];
        for (int i = 0; i < inner.Length; i++)
        {
            inner[i] = _changes[from + i] - start;
        }

        return new OriginText(part, StartsFromTemplate ^ ((from & 1) == 1), inner);
    }

    /// <summary>Replaces the text by one of equal length, such as its upper case. The origins stay.</summary>
    public OriginText WithChars(string sameLength) => new(sameLength, StartsFromTemplate, _changes);

    public List<TemplateSegment> ToSegments()
    {
        List<TemplateSegment> segments = [];
        for (int at = 0; at < Text.Length;)
        {
            int end = RunEnd(at);
            segments.Add(new TemplateSegment(Text[at..end], FromTemplateAt(at)));
            at = end;
        }

        return segments;
    }

    private int ChangesUpTo(int position)
    {
        if (_changes.Length == 0)
        {
            return 0;
        }

        int index = Array.BinarySearch(_changes, position);
        return index >= 0 ? index + 1 : ~index;
    }
}
