using System.Text.RegularExpressions;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Tokenization;

public sealed class PreTokenizerTests
{
    private static readonly IPreTokenizer Scanner = new HunyuanPreTokenizer();
    private static readonly IPreTokenizer Generic =
        new PatternPreTokenizer(PatternParser.Parse(HunyuanPreTokenizer.Pattern), dropUnmatched: false);

    [Theory]
    [InlineData("it's he'LL sand'sand", "it|'s| he|'LL| sand|'s|and")]
    [InlineData("x'\u017Fy 'r", "x|'\u017F|y| '|r")]
    [InlineData("a  b", "a| | b")]
    [InlineData("a   ", "a|   ")]
    [InlineData("a \n\n  b", "a| \n\n| | b")]
    [InlineData("\n  \n  ", "\n  \n|  ")]
    [InlineData("123 4", "1|2|3| |4")]
    [InlineData(" !?\r\n\nx", " !?\r\n\n|x")]
    [InlineData("\t!x", "\t|!x")]
    [InlineData("\tx", "\tx")]
    [InlineData("\u3000\u3000\u4E2D", "\u3000|\u3000\u4E2D")]
    [InlineData("\u001Ca\u001F", "\u001Ca|\u001F")]
    [InlineData(" \u001C \u001C", " \u001C| \u001C")]
    [InlineData("\U00020000\U0001F600\U00020000!", "\U00020000|\U0001F600\U00020000|!")]
    [InlineData("\U0001D7D8\U0001D7D9", "\U0001D7D8|\U0001D7D9")]
    [InlineData("\U0001F600\U0001F600a", "\U0001F600\U0001F600|a")]
    public void Pieces_are_those_of_the_pattern(string text, string expected)
    {
        Assert.Equal(expected.Split('|'), Pieces(Scanner, text));
        Assert.Equal(expected.Split('|'), Pieces(Generic, text));
    }

    [Fact]
    public void Scanner_pattern_matcher_and_regular_expressions_agree()
    {
        // The regex engine of .NET matches surrogates instead of characters and does not fold the long s, so it checks only texts without them.
        var regex = new Regex(HunyuanPreTokenizer.Pattern, RegexOptions.CultureInvariant);
        var random = new Random(7);
        for (int i = 0; i < 20_000; i++)
        {
            string text = RandomText.Next(random, 12, astral: i % 2 == 0);
            List<string> pieces = Pieces(Scanner, text);
            Assert.Equal(text, string.Concat(pieces));
            Assert.Equal(pieces, Pieces(Generic, text));
            if (i % 2 == 1)
            {
                Assert.Equal(regex.Matches(text).Select(match => match.Value), pieces);
            }
        }
    }

    [Fact]
    public void Other_published_patterns_agree_with_regular_expressions()
    {
        string[] patterns =
        [
            @"\p{N}{1,3}",
            "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+",
            "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|" +
            "[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
            @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
            @"(?i:[sdmt]|ll|ve|re)|\d{2,}|\P{Lu}{2}",
        ];
        var random = new Random(8);
        foreach (string pattern in patterns)
        {
            var preTokenizer = new PatternPreTokenizer(PatternParser.Parse(pattern), dropUnmatched: true);
            var regex = new Regex(pattern, RegexOptions.CultureInvariant);
            for (int i = 0; i < 3_000; i++)
            {
                string text = RandomText.Next(random, 12, astral: false);
                Assert.Equal(regex.Matches(text).Select(match => match.Value), Pieces(preTokenizer, text));
            }
        }
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("a")]
    [InlineData("1")]
    [InlineData("!")]
    [InlineData("\n")]
    [InlineData(" \n")]
    [InlineData("\u4E2D")]
    [InlineData("\U0001F600")]
    public void Splitting_millions_of_chars_is_not_quadratic(string unit)
    {
        // Quadratic splitting of four million chars takes more than ten minutes. Linear time is seconds at most.
        string text = string.Concat(Enumerable.Repeat(unit, 4_000_000 / unit.Length)) + "x";
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(Pieces(Scanner, text), Pieces(Generic, text));
        Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2), $"{clock.Elapsed} for four million chars");
    }

    [Fact]
    public void Unmatched_text_becomes_a_piece_or_is_dropped()
    {
        IReadOnlyList<PatternAlternative> digits = PatternParser.Parse(@"\p{N}++");
        Assert.Equal(["ab\U0001F600", "12", "c"], Pieces(new PatternPreTokenizer(digits, dropUnmatched: false), "ab\U0001F60012c"));
        Assert.Equal(["12"], Pieces(new PatternPreTokenizer(digits, dropUnmatched: true), "ab\U0001F60012c"));
    }

    [Theory]
    [InlineData(@"\w+", @"'\w'")]
    [InlineData(@"a+?", "lazy")]
    [InlineData(@"(?:ab)+", "repeated group")]
    [InlineData(@"x(?:a|b)", "'?'", "'!'")]
    [InlineData(@"\p{Han}+", "general category")]
    [InlineData(@"^a", "'^'")]
    [InlineData(@"[a[b]]", "nested class")]
    [InlineData(@"a{3,1}", "reversed")]
    [InlineData(@"[z-a]", "reversed")]
    [InlineData(@"(?i:[a-z])", "case-blind")]
    [InlineData(@"(?!a)b", "look ahead", "':'")]
    [InlineData(@"a(?!b)c", "after a look ahead")]
    [InlineData(@"a||b", "empty alternative")]
    [InlineData(@"a)", "unmatched")]
    [InlineData(@"[a", "unfinished class")]
    [InlineData(@"a\", "unfinished escape")]
    [InlineData("(((((((((((((((((((a", "nested deeper than 16")]
    public void Unsupported_patterns_are_rejected_by_name(string pattern, params string[] named)
    {
        string message = Assert.Throws<TextException>(() => PatternParser.Parse(pattern)).Message;
        Assert.Contains(pattern, message, StringComparison.Ordinal);
        Assert.Contains(named, part => message.Contains(part, StringComparison.Ordinal));
    }

    private static List<string> Pieces(IPreTokenizer preTokenizer, string text)
    {
        var pieces = new List<string>();
        for (int start = 0; start < text.Length;)
        {
            int end = preTokenizer.Next(text, start, out bool dropped);
            Assert.True(end > start);
            if (!dropped)
            {
                pieces.Add(text[start..end]);
            }

            start = end;
        }

        return pieces;
    }
}
