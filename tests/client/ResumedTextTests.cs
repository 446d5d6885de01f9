using System.Text;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Grains.Requests;
using HunyuanOrleans.Text.Streaming;
using Xunit;

namespace HunyuanOrleans.Client.Tests;

/// <summary>The text of an answer is the same whether or not its stream breaks and resumes.</summary>
public sealed class ResumedTextTests
{
    private const string Answer = "Grüße! 混元大模型 🚀🚀 sagt: e\u0301 und END! nicht ENDE, sondern EN. END";

    [Fact]
    public void A_break_after_any_batch_changes_no_text()
    {
        Random random = new(11);
        byte[] bytes = Encoding.UTF8.GetBytes(Answer);
        for (int round = 0; round < 60; round++)
        {
            byte[][] tokens = Tokens(bytes, random, invalid: round % 4 == 3);
            RequestSpec request = Request(
                (round % 3) switch { 0 => [], 1 => ["ENDE"], _ => ["nichts", "ENDE,", "E, so"] }, includeStop: round % 2 == 1);
            TokenBatch[] batches = Batches(tokens, request, random);
            string expected = Text(new AnswerTextWriter(request, new TokenBytes(tokens)), batches);
            string whole = new TextStream(new TokenBytes(tokens), new StopStringSet(request.StopStrings), request.IncludeStop)
                .Append(new TokenChunk(batches.SelectMany(static b => b.Ids).ToArray(), default, FinishReason.Length, false, null));
            Assert.Equal(whole, expected);
            for (int position = 0; position <= batches.Length; position++)
            {
                Assert.Equal(expected, TextWithBreaks([position], batches, request, tokens));
            }

            Assert.Equal(expected, TextWithBreaks(Enumerable.Range(0, batches.Length), batches, request, tokens));
        }
    }

    [Fact]
    public void A_stop_id_has_no_text_and_a_refusal_is_not_changed()
    {
        byte[][] tokens = ["ab"u8.ToArray(), "<stop>"u8.ToArray()];
        RequestSpec request = Request([], includeStop: false) with { Progress = [new ChoiceProgress(0, [7])] };
        TokenBatch rejected = ModelStream.Rejected(new RequestError("resume", "wrong", false));
        Assert.Same(rejected, new AnswerTextWriter(request, new TokenBytes(tokens)).Add(rejected));

        request = request with { Progress = null };
        Assert.Equal("ab", new AnswerTextWriter(request, new TokenBytes(tokens)).Add(Batch([0, 1], FinishCode.Stop) with { EndsWithStopId = true }).Text);
        Assert.Equal("", new AnswerTextWriter(request, new TokenBytes(tokens)).Add(Batch([], FinishCode.Stop) with { EndsWithStopId = true }).Text);
    }

    [Fact]
    public void The_answers_of_a_request_do_not_mix()
    {
        byte[][] tokens = [[0xE6], [0xB7, 0xB7], "x"u8.ToArray()];
        RequestSpec request = Request([], includeStop: false) with
        {
            Choices = 3,
            Progress = [new ChoiceProgress(1, [0]), new ChoiceProgress(2, [2])],
        };
        AnswerTextWriter writer = new(request, new TokenBytes(tokens));
        Assert.Equal("x", writer.Add(Batch([2]) with { Choice = 2 }).Text);
        Assert.Equal("混", writer.Add(Batch([1]) with { Choice = 1 }).Text);
    }

    // After each break a new writer continues, which knows only the ids that the caller has.
    private static string TextWithBreaks(IEnumerable<int> breaks, TokenBatch[] batches, RequestSpec request, byte[][] tokens)
    {
        StringBuilder text = new();
        List<int> received = [];
        int begin = 0;
        foreach (int end in breaks.Append(batches.Length))
        {
            RequestSpec part = request with { Progress = [new ChoiceProgress(0, [.. received])] };
            AnswerTextWriter writer = new(part, new TokenBytes(tokens));
            text.Append(writer.Add(Batch([])).Text);
            foreach (TokenBatch batch in batches[begin..end])
            {
                text.Append(writer.Add(batch).Text);
                received.AddRange(batch.Ids);
            }

            begin = end;
        }

        return text.ToString();
    }

    private static string Text(AnswerTextWriter writer, TokenBatch[] batches) => string.Concat(batches.Select(batch => writer.Add(batch).Text));

    private static byte[][] Tokens(byte[] bytes, Random random, bool invalid)
    {
        List<byte[]> tokens = [];
        for (int at = 0; at < bytes.Length;)
        {
            int length = Math.Min(bytes.Length - at, random.Next(0, 6));
            tokens.Add(bytes[at..(at + length)]);
            at += length;
            if (invalid && random.Next(5) == 0)
            {
                tokens.Add([(byte)(0x80 + random.Next(0x80))]);
            }
        }

        return [.. tokens];
    }

    // Like the engine, ends the answer with the token that completes a stop string.
    private static TokenBatch[] Batches(byte[][] tokens, RequestSpec request, Random random)
    {
        StopStringMatcher stops = new(new StopStringSet(request.StopStrings));
        int count = 0;
        while (count < tokens.Length && stops.Found is null)
        {
            stops.Process(tokens[count++]);
        }

        List<TokenBatch> batches = [];
        for (int at = 0; at < count;)
        {
            int size = Math.Min(count - at, random.Next(0, 4));
            batches.Add(Batch([.. Enumerable.Range(at, size)], at + size == count ? FinishCode.Length : FinishCode.None));
            at += size;
        }

        return [.. batches];
    }

    private static TokenBatch Batch(int[] ids, FinishCode finish = FinishCode.None) => new() { Ids = ids, Finish = finish };

    private static RequestSpec Request(string[] stops, bool includeStop) => RequestSpec.Of(
        "m", new GenerationRequest { PromptIds = new[] { 1 }, StopStrings = stops, IncludeStop = includeStop }, TimeSpan.FromSeconds(1));

    private sealed class TokenBytes(byte[][] tokens) : ITokenText
    {
        ReadOnlySpan<byte> ITokenText.TokenBytes(int id) => tokens[id];
    }
}
