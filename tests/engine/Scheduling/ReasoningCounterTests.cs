using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Scheduling;

/// <summary>The limit of an answer's reasoning.</summary>
public sealed class ReasoningCounterTests
{
    private static readonly Tokenizer Tokenizer = Tokenizer.Load(TestPaths.DemoModel);

    [Theory]
    [InlineData(null, "one two three four five", 3)]
    [InlineData(null, "one two three four five", 0)]
    [InlineData("<think>", "\n<think>\none two three", 2)]
    [InlineData("<think>", "<think>", 0)]
    public void The_closing_tokens_are_required_once_the_limit_is_reached(string? open, string text, int limit)
    {
        ReasoningCounter counter = Create(open, limit, out int[] closing);
        int[] ids = Tokenizer.Encode(text);
        int free = 0;
        while (counter.Required is null)
        {
            counter.Advance(ids[free++]);
        }

        int before = open is null ? 0 : Enumerable.Range(0, ids.Length).First(count => Tokenizer.Decode(ids.AsSpan(0, count + 1)).Contains(open, StringComparison.Ordinal)) + 1;
        Assert.Equal(before + limit, free);
        foreach (int id in closing)
        {
            Assert.Equal(id, counter.Required);
            counter.Advance(id);
        }

        Assert.Null(counter.Required);
        counter.Advance(ids[0]);
        Assert.Null(counter.Required);
    }

    [Theory]
    [InlineData(null, "one</think>two")]
    [InlineData("<think>", "<think>one</think>two")]
    [InlineData("<think>", "no reasoning at all <think> because it begins with text")]
    public void Nothing_is_required_where_the_reasoning_has_ended_or_never_began(string? open, string text)
    {
        ReasoningCounter counter = Create(open, 20, out _);
        foreach (int id in Tokenizer.Encode(text + string.Concat(Enumerable.Repeat(" and more", 20))))
        {
            Assert.Null(counter.Required);
            counter.Advance(id);
        }

        Assert.Null(counter.Required);
    }

    [Fact]
    public void Another_token_than_the_required_one_begins_the_closing_again()
    {
        ReasoningCounter counter = Create(null, 0, out int[] closing);
        int other = Tokenizer.Encode("a")[0];
        counter.Advance(closing[0]);
        for (int i = 0; i < closing.Length + 2; i++)
        {
            counter.Advance(other);
            Assert.Equal(closing[0], counter.Required);
        }
    }

    private static ReasoningCounter Create(string? open, int limit, out int[] closing)
    {
        closing = Tokenizer.Encode("\n</think>\n");
        return new ReasoningCounter(new ReasoningLimit(limit, open, "</think>", closing), new TokenizerText(Tokenizer));
    }
}
