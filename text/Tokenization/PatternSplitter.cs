namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// Cuts text by a pattern read from <c>tokenizer.json</c>: the first alternative that matches wins, as in a backtracking regular
/// expression engine. Patterns are the model publisher's, texts anybody's: with the published patterns the work is linear in the text.
/// Knows nothing of tokens. Immutable.
/// </summary>
internal sealed class PatternSplitter(IReadOnlyList<SplitAlternative> alternatives, bool dropUnmatched) : IPieceSplitter
{
    private readonly SplitAlternative[] alternatives = [.. alternatives];

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
        foreach (SplitAlternative alternative in alternatives)
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
