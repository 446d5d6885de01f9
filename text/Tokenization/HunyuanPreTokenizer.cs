using static HunyuanOrleans.Text.Tokenization.CodePoints;

namespace HunyuanOrleans.Text.Tokenization;

/// <summary>
/// Splits text by the Hunyuan pattern with a hand-written scanner, which reads every char a bounded number of times.
/// <see cref="PatternPreTokenizer"/> interprets other patterns and is slower.
/// </summary>
internal sealed class HunyuanPreTokenizer : IPreTokenizer
{
    /// <summary>The pattern this class implements.</summary>
    public const string Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // The long s equals s if case is ignored.
    private const char LongS = '\u017F';

    /// <inheritdoc/>
    public int Next(ReadOnlySpan<char> text, int start, out bool dropped)
    {
        dropped = false;
        int first = At(text, start, out int length);
        int next = start + length;
        if (first == '\'' && ContractionEnd(text, next) is var contraction and > 0)
        {
            return contraction;
        }

        switch (KindOf(first))
        {
            case Kind.Letter:
                return SkipLetters(text, next);
            case Kind.Number:
                return next;
            case Kind.LineBreak:
                return WhiteSpaceEnd(text, start);
            case Kind.Other:
                return StartsWithLetter(text, next) ? SkipLetters(text, next) : SkipLineBreaks(text, SkipOthers(text, next));
        }

        if (StartsWithLetter(text, next))
        {
            return SkipLetters(text, next);
        }

        if (first == ' ' && SkipOthers(text, next) is var others && others > next)
        {
            return SkipLineBreaks(text, others);
        }

        return WhiteSpaceEnd(text, start);
    }

    // \s*[\r\n]+ matches up to the last line break of the run, because the greedy \s* backtracks to it. Without a line break,
    // \s+(?!\S) leaves the last white space to the word that follows, and \s+ matches a single one.
    private static int WhiteSpaceEnd(ReadOnlySpan<char> text, int start)
    {
        int afterLineBreak = -1;
        int end = start;
        for (; end < text.Length; end++)
        {
            Kind kind = KindOf(text[end]);
            if (kind == Kind.LineBreak)
            {
                afterLineBreak = end + 1;
            }
            else if (kind != Kind.Space)
            {
                break;
            }
        }

        if (afterLineBreak >= 0)
        {
            return afterLineBreak;
        }

        return end == text.Length || end == start + 1 ? end : end - 1;
    }

    private static int ContractionEnd(ReadOnlySpan<char> text, int afterQuote)
    {
        if (afterQuote >= text.Length)
        {
            return -1;
        }

        int first = text[afterQuote] | 0x20;
        if (first is 's' or 't' or 'm' or 'd' || text[afterQuote] == LongS)
        {
            // Apart from their capitals, | 0x20 maps no other char to these four letters.
            return afterQuote + 1;
        }

        if (afterQuote + 1 >= text.Length)
        {
            return -1;
        }

        return (first, text[afterQuote + 1] | 0x20) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? afterQuote + 2 : -1;
    }

    private static bool StartsWithLetter(ReadOnlySpan<char> text, int index) =>
        index < text.Length && KindOf(At(text, index, out _)) == Kind.Letter;

    private static int SkipLetters(ReadOnlySpan<char> text, int index) => Skip(text, index, Kind.Letter);

    private static int SkipOthers(ReadOnlySpan<char> text, int index) => Skip(text, index, Kind.Other);

    private static int SkipLineBreaks(ReadOnlySpan<char> text, int index) => Skip(text, index, Kind.LineBreak);

    private static int Skip(ReadOnlySpan<char> text, int index, Kind kind)
    {
        while (index < text.Length && KindOf(At(text, index, out int length)) == kind)
        {
            index += length;
        }

        return index;
    }
}
