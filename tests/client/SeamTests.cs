using System.Text;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Grains.Requests;
using HunyuanOrleans.Text.Streaming;
using Xunit;

namespace HunyuanOrleans.Client.Tests;

/// <summary>An answer whose stream is cut and resumed has the text of one that is not.</summary>
public sealed class SeamTests
{
    private const string Written = "Grüße! 混元大模型 🚀🚀 sagt: e\u0301 und END! nicht ENDE, sondern EN. END";

    [Fact]
    public void Cut_after_every_batch_the_text_is_the_same()
    {
        Random random = new(11);
        byte[] bytes = Encoding.UTF8.GetBytes(Written);
        for (int round = 0; round < 60; round++)
        {
            byte[][] tokens = Tokens(bytes, random, broken: round % 4 == 3);
            RequestSpec request = Request(
                (round % 3) switch { 0 => [], 1 => ["ENDE"], _ => ["nichts", "ENDE,", "E, so"] }, includeStop: round % 2 == 1);
            TokenBatch[] batches = Batches(tokens, request, random);
            string expected = Text(new AnswerTextWriter(request, new TokenBytes(tokens)), batches);
            string whole = new TextStream(new TokenBytes(tokens), new StopStringSet(request.StopStrings), request.IncludeStop)
                .Append(new TokenChunk(batches.SelectMany(static b => b.Ids).ToArray(), default, FinishReason.Length, false, null));
            Assert.Equal(whole, expected);
            for (int cut = 0; cut <= batches.Length; cut++)
            {
                Assert.Equal(expected, CutAt([cut], batches, request, tokens));
            }

            Assert.Equal(expected, CutAt(Enumerable.Range(0, batches.Length), batches, request, tokens));
        }
    }

    [Fact]
    public void A_stop_id_is_no_text_and_a_refusal_is_left_alone()
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
    public void Answers_of_one_request_do_not_mix()
    {
        byte[][] tokens = [[0xE6], [0xB7, 0xB7], "x"u8.ToArray()];
        RequestSpec request = Request([], includeStop: false) with
        {
            Choices = 3,
            Progress = [new ChoiceProgress(1, [0]), new ChoiceProgress(2, [2])],
        };
        AnswerTextWriter texts = new(request, new TokenBytes(tokens));
        Assert.Equal("x", texts.Add(Batch([2]) with { Choice = 2 }).Text);
        Assert.Equal("混", texts.Add(Batch([1]) with { Choice = 1 }).Text);
    }

    // Each part is written by an object of its own, which knows nothing but the ids that the caller has.
    private static string CutAt(IEnumerable<int> cuts, TokenBatch[] batches, RequestSpec request, byte[][] tokens)
    {
        StringBuilder text = new();
        List<int> had = [];
        int begin = 0;
        foreach (int end in cuts.Append(batches.Length))
        {
            RequestSpec part = request with { Progress = [new ChoiceProgress(0, [.. had])] };
            AnswerTextWriter writer = new(part, new TokenBytes(tokens));
            text.Append(writer.Add(Batch([])).Text);
            foreach (TokenBatch batch in batches[begin..end])
            {
                text.Append(writer.Add(batch).Text);
                had.AddRange(batch.Ids);
            }

            begin = end;
        }

        return text.ToString();
    }

    private static string Text(AnswerTextWriter texts, TokenBatch[] batches) => string.Concat(batches.Select(batch => texts.Add(batch).Text));

    private static byte[][] Tokens(byte[] bytes, Random random, bool broken)
    {
        List<byte[]> tokens = [];
        for (int at = 0; at < bytes.Length;)
        {
            int length = Math.Min(bytes.Length - at, random.Next(0, 6));
            tokens.Add(bytes[at..(at + length)]);
            at += length;
            if (broken && random.Next(5) == 0)
            {
                tokens.Add([(byte)(0x80 + random.Next(0x80))]);
            }
        }

        return [.. tokens];
    }

    // As the engine ends answers: with the token that completes a stop string.
    private static TokenBatch[] Batches(byte[][] tokens, RequestSpec request, Random random)
    {
        StopStringMatcher stops = new(new StopStringSet(request.StopStrings));
        int count = 0;
        while (count < tokens.Length && stops.Found is null)
        {
            stops.Take(tokens[count++]);
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
