namespace HunyuanOrleans.Text.Tokenization;

/// <summary>One alternative of a split pattern: a sequence of steps and an optional negative lookahead. Immutable.</summary>
/// <param name="Steps">The steps, at least one.</param>
/// <param name="NotBefore">The code points that must not follow the match; null for no condition.</param>
internal sealed record PatternAlternative(PatternStep[] Steps, CodePointSet? NotBefore)
{
    /// <summary>The end of the match that starts at <paramref name="start"/>; -1 if there is none.</summary>
    public int Match(ReadOnlySpan<char> text, int start) => Match(text, 0, start);

    private int Match(ReadOnlySpan<char> text, int step, int position)
    {
        if (step == Steps.Length)
        {
            bool excluded = NotBefore is not null && position < text.Length && NotBefore.Contains(CodePoints.At(text, position, out _));
            return excluded ? -1 : position;
        }

        PatternStep current = Steps[step];
        int count = 0;
        int end = position;
        while (count < current.Maximum && end < text.Length && current.Set.Contains(CodePoints.At(text, end, out int length)))
        {
            end += length;
            count++;
        }

        for (; count >= current.Minimum; count--)
        {
            int matched = Match(text, step + 1, end);
            if (matched >= 0 || current.Possessive || count == 0)
            {
                return matched;
            }

            bool pair = end - position >= 2 && char.IsLowSurrogate(text[end - 1]) && char.IsHighSurrogate(text[end - 2]);
            end -= pair ? 2 : 1;
        }

        return -1;
    }
}
