using HunyuanOrleans.Engine.Speculation;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Speculation;

public sealed class NgramDraftSourceTests
{
    [Theory]
    [InlineData(new[] { 1, 2, 3, 4, 5, 1, 2 }, new[] { 3, 4, 5 })]
    [InlineData(new[] { 9, 1, 2, 3, 9, 1, 2, 4, 9, 1, 2 }, new[] { 4, 9, 1 })]
    [InlineData(new[] { 9, 8, 1, 2, 3, 7, 1, 2, 4, 9, 8, 1, 2 }, new[] { 3, 7, 1 })]
    [InlineData(new[] { 7, 7, 7 }, new[] { 7, 7, 7 })]
    [InlineData(new[] { 1, 2, 1, 2 }, new[] { 1, 2, 1 })]
    [InlineData(new[] { 1, 2, 3, 4 }, new int[0])]
    [InlineData(new[] { 1, 5, 1 }, new int[0])]
    [InlineData(new[] { 1 }, new int[0])]
    public void The_text_goes_on_as_after_the_longest_and_then_the_last_match(int[] tokens, int[] expected)
    {
        int[] drafts = new int[3];
        int count = new NgramDraftSource(0).Propose(tokens, drafts);
        Assert.Equal(expected, drafts[..count]);
    }

    [Fact]
    public void A_text_that_grows_gives_the_guesses_of_a_search_from_its_beginning()
    {
        var random = new Random(3);
        int[] text = [.. Enumerable.Range(0, 3000).Select(_ => random.Next(12))];
        var source = new NgramDraftSource(0);
        int[] drafts = new int[5];
        int guessed = 0;
        for (int length = 1; length <= text.Length; length += 1 + random.Next(3))
        {
            int[] tokens = text[..length];
            int count = source.Propose(tokens, drafts);
            guessed += count > 0 ? 1 : 0;
            Assert.True(count is 0 or 5);
            Assert.True(count == 0 || Continuations(tokens).Any(drafts.SequenceEqual), $"A text of {length} tokens.");
        }

        Assert.True(guessed > 500, $"only {guessed} guesses");
    }

    // Every occurrence of the last two tokens, and what follows it if the text repeats from there.
    private static IEnumerable<int[]> Continuations(int[] tokens) =>
        from next in Enumerable.Range(2, Math.Max(0, tokens.Length - 2))
        where tokens[next - 2] == tokens[^2] && tokens[next - 1] == tokens[^1]
        select Enumerable.Range(0, 5).Select(i => tokens[next + (i % (tokens.Length - next))]).ToArray();
}
