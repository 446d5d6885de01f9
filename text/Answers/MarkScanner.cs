namespace HunyuanOrleans.Text.Answers;

/// <summary>Finds marks in text that arrives in pieces.</summary>
internal static class MarkScanner
{
    /// <summary>The number of trailing chars that may become a mark.</summary>
    public static int PartialLength(ReadOnlySpan<char> text, string mark)
    {
        int length = Math.Min(mark.Length - 1, text.Length);
        while (!text[(text.Length - length)..].SequenceEqual(mark.AsSpan(0, length)))
        {
            length--;
        }

        return length;
    }

    /// <summary>Whether a text is the beginning of a mark, and not yet the whole of it.</summary>
    public static bool IsPartial(ReadOnlySpan<char> text, string mark) => text.Length < mark.Length && mark.StartsWith(text, StringComparison.Ordinal);
}
