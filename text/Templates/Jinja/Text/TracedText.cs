namespace HunyuanOrleans.Text.Templates.Jinja.Text;

/// <summary>
/// An immutable string that knows for each of its UTF-16 units whether the template wrote it. Origins alternate, so the places where
/// they flip and the origin of the first unit say everything. Knows nothing of values or templates.
/// </summary>
internal sealed class TracedText
{
    public static readonly TracedText Empty = new("", true, []);

    private readonly bool first;
    private readonly int[] flips;

    public TracedText(string text, bool fromTemplate)
        : this(text, fromTemplate, [])
    {
    }

    internal TracedText(string text, bool first, int[] flips)
    {
        Text = text;
        this.first = first;
        this.flips = flips;
    }

    public string Text { get; }

    public int Length => Text.Length;

    internal bool First => first;

    internal ReadOnlySpan<int> Flips => flips;

    public bool FromTemplateAt(int position) => first ^ ((FlipsUpTo(position) & 1) == 1);

    /// <summary>The end (exclusive) of the run of one origin that holds the position.</summary>
    public int RunEnd(int position)
    {
        int index = FlipsUpTo(position);
        return index < flips.Length ? flips[index] : Text.Length;
    }

    public TracedText Slice(int start, int length)
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
        if (flips.Length == 0)
        {
            return new TracedText(part, first, flips);
        }

        int from = FlipsUpTo(start);
        int to = from;
        while (to < flips.Length && flips[to] < start + length)
        {
            to++;
        }

        int[] inner = new int[to - from];
        for (int i = 0; i < inner.Length; i++)
        {
            inner[i] = flips[from + i] - start;
        }

        return new TracedText(part, first ^ ((from & 1) == 1), inner);
    }

    /// <summary>Replaces the characters one for one, as case mapping does; origins stay where they are.</summary>
    public TracedText WithChars(string sameLength) => new(sameLength, first, flips);

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

    private int FlipsUpTo(int position)
    {
        if (flips.Length == 0)
        {
            return 0;
        }

        int index = Array.BinarySearch(flips, position);
        return index >= 0 ? index + 1 : ~index;
    }
}
