using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace HunyuanOrleans.Grammar.Tests;

public sealed class RegexTests
{
    [Theory]
    [InlineData("ab*c", "abc")]
    [InlineData("(a|b)*abb", "ab")]
    [InlineData("a{2,3}(bc){0,2}?c{2}", "abc")]
    [InlineData("(a|ab)(c|bcd)(d*)", "abcd")]
    [InlineData("^[^ab]+$|^c?$", "abcd\n")]
    [InlineData("[a-c\\]x-]{1,4}", "abc]x-y")]
    [InlineData("\\d+(\\.\\d{1,2})?", "019.x")]
    [InlineData("\\w\\W\\s?\\S", "a_ -é")]
    [InlineData("(?:x|(?<name>y(z|)))+", "xyz")]
    [InlineData("a.c", "ac\n\ré")]
    [InlineData("[é-ů🐎]+x?", "éíůx🐎z")]
    [InlineData("a{18,21}b?", "aaaaaaaaab")]
    [InlineData("(a?){5}a{3}", "aaab")]
    [InlineData("\\x41\\u0042\\t\\\\\\{?", "AB\t\\{")]
    [InlineData("(a*)*|b", "ab")]
    [InlineData("", "a")]
    [InlineData("a{,3}", "a{,3}")]
    public void Accepts_the_same_texts_as_the_regex_engine_of_the_runtime(string pattern, string alphabet)
    {
        var random = new Random(pattern.Length);
        TestVocabulary vocabulary = TestVocabulary.Pieces(pattern.Length, alphabet, alphabet + alphabet);
        Constraint constraint = vocabulary.Compiler.Compile(ConstraintSpec.Regex(pattern), "guided_regex");
        var expected = new Regex($@"\A(?:{pattern.Replace("$", "\\z", StringComparison.Ordinal).Replace(".c", "[^\\n\\r]c", StringComparison.Ordinal)})\z");
        Rune[] letters = [.. alphabet.EnumerateRunes()];
        int matched = 0;
        for (int i = 0; i < 1500; i++)
        {
            string text = Draw(random, letters, i % 3 == 0 ? 23 : 6);
            bool match = IsMatch(expected, text);
            matched += match ? 1 : 0;
            Assert.True(match == ConstraintWalker.Accepts(constraint, vocabulary, vocabulary.Tokenize(Encoding.UTF8.GetBytes(text), random)), $"{text}: {match}");
        }

        for (int seed = 0; seed < 30; seed++)
        {
            string text = new UTF8Encoding(false, true).GetString(ConstraintWalker.Generate(vocabulary, constraint, seed, seed));
            Assert.True(IsMatch(expected, text), text);
            matched++;
        }

        Assert.True(matched > 0);
    }

    [Theory]
    [InlineData("(a", "without its )")]
    [InlineData("a)", "without its (")]
    [InlineData("[a", "without its ]")]
    [InlineData("*a", "nothing to repeat")]
    [InlineData("a**", "repeats a repeat")]
    [InlineData("a*+", "possessive")]
    [InlineData("(a)\\1", "refers back")]
    [InlineData("(?=a)b", "looks ahead")]
    [InlineData("(?<!a)b", "looks ahead or behind")]
    [InlineData("(?i)a", "kind of group")]
    [InlineData("a\\b", "\\b")]
    [InlineData("\\p{L}", "\\p")]
    [InlineData("a^b", "anchors")]
    [InlineData("a$b", "anchors")]
    [InlineData("(a$)b", "anchors")]
    [InlineData("a{3,2}", "at least 3")]
    [InlineData("a{1000000}", "allowed are")]
    [InlineData("(ab){5000}", "allowed are")]
    [InlineData("a{99999999999}", "too many")]
    [InlineData("[z-a]", "range")]
    [InlineData("\\u12", "hexadecimal")]
    [InlineData("\\ud83d", "half a surrogate pair")]
    [InlineData("a\\", "backslash")]
    public void An_invalid_or_unsupported_pattern_is_rejected(string pattern, string message)
    {
        ConstraintException error = Assert.Throws<ConstraintException>(
            () => TestVocabulary.Bytes().Compiler.Compile(ConstraintSpec.Regex(pattern), "guided_regex"));
        Assert.Equal("guided_regex", error.Parameter);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static string Draw(Random random, Rune[] letters, int most)
        => string.Concat(Enumerable.Range(0, random.Next(most + 1)).Select(_ => letters[random.Next(letters.Length)].ToString()));

    /// <summary>
    /// Matches with the runtime's engine. It reads UTF-16, where a supplementary character in a class counts as two, so such characters
    /// are replaced by ones from the private use area.
    /// </summary>
    private static bool IsMatch(Regex expected, string text)
    {
        string pattern = expected.ToString().Replace("🐎", "\uE000", StringComparison.Ordinal);
        string ascii = pattern.Replace("\\d", "[0-9]", StringComparison.Ordinal).Replace("\\w", "[0-9A-Za-z_]", StringComparison.Ordinal)
            .Replace("\\W", "[^0-9A-Za-z_]", StringComparison.Ordinal).Replace("\\s", "[\\t-\\r ]", StringComparison.Ordinal)
            .Replace("\\S", "[^\\t-\\r ]", StringComparison.Ordinal);
        string plain = string.Concat(text.EnumerateRunes().Select(static rune =>
            rune.IsBmp ? rune.ToString() : rune.Value == 0x1F40E ? "\uE000" : "\uE001"));
        return Regex.IsMatch(plain, ascii, RegexOptions.CultureInvariant);
    }
}
