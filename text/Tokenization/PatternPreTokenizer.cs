namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// Splits text by a pattern from <c>tokenizer.json</c>. The first alternative that matches is used, as in a backtracking regular expression
/// engine. With the published patterns, time is linear in the length of the text, so hostile text is safe; a hostile pattern is not.
/// Immutable.
/// </summary>
internal sealed class PatternPreTokenizer(IReadOnlyList<PatternAlternative> alternatives, bool dropUnmatched) : IPreTokenizer
{
    private readonly PatternAlternative[] _alternatives = [.. alternatives];

    /// <inheritdoc/>
    public int Next(ReadOnlySpan<char> text, int start, out bool dropped)
    {
        dropped = false;
        int position = start;
        while (position < text.Length)
        {
            int end = Match(text, position);
            if (end > position)
            {
                if (position == start)
                {
                    return end;
                }

                break;
            }

            CodePoints.At(text, position, out int length);
            position += length;
        }

        dropped = dropUnmatched;
        return position;
    }

    private int Match(ReadOnlySpan<char> text, int start)
    {
        foreach (PatternAlternative alternative in _alternatives)
        {
            int end = alternative.Match(text, start);
            if (end > start)
            {
                return end;
            }
        }

        return -1;
    }
}
