using System.Text;
using HunyuanOrleans.Text.Streaming;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Streaming;

public sealed class TextStreamTests
{
    [Fact]
    public void Pieces_concatenate_to_the_text_and_end_at_character_borders()
    {
        string text = "Grüße, 混元大模型 🚀🚀 e\u0301 end";
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int size = 1; size < 8; size++)
        {
            var stream = new TextStream(new Bytes([.. bytes.Chunk(size)]));
            var joined = new StringBuilder();
            for (int id = 0; id * size < bytes.Length; id++)
            {
                string piece = stream.Append([id]);
                Assert.DoesNotContain('\uFFFD', piece);
                Assert.False(piece.Length > 0 && char.IsHighSurrogate(piece[^1]));
                joined.Append(piece);
            }

            Assert.Equal(text, joined + stream.Finish());
        }
    }

    [Fact]
    public void Invalid_bytes_become_the_replacement_character()
    {
        var stream = new TextStream(new Bytes([[0xE6, 0xB7], [0x41], [0xFF], [0xE6, 0xB7]]));
        string text = stream.Append([0]) + stream.Append([1]) + stream.Append([2]) + stream.Append([3]);
        Assert.Equal("\uFFFDA\uFFFD", text);
        Assert.Equal("\uFFFD", stream.Finish());
    }

    [Theory]
    [InlineData("one two three", "two", "one ", "two")]
    [InlineData("aaab rest", "aab", "a", "aab")]
    [InlineData("xabcabd!", "abd", "xabc", "abd")]
    [InlineData("no stop here", "stopp", "no stop here", null)]
    [InlineData("ends with st", "stop", "ends with st", null)]
    [InlineData("你好。再见", "。", "你好", "。")]
    [InlineData("x<end>y", "d>", "x<en", "d>")]
    public void Stop_strings_end_the_text_independent_of_token_borders(string text, string stop, string shown, string? found)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int size = 1; size <= bytes.Length; size++)
        {
            foreach (bool include in (bool[])[false, true])
            {
                var stream = new TextStream(new Bytes([.. bytes.Chunk(size)]), new StopStringSet([stop, "never seen"]), include);
                var joined = new StringBuilder();
                for (int id = 0; id * size < bytes.Length; id++)
                {
                    joined.Append(stream.Append([id]));
                    Assert.StartsWith(joined.ToString(), shown + (include ? found : null));
                }

                joined.Append(stream.Finish());
                Assert.Equal(shown + (include ? found : null), joined.ToString());
                Assert.Equal(found, stream.StopString);
            }
        }
    }

    [Fact]
    public void The_stop_string_that_completes_first_is_found_or_the_longest_of_several()
    {
        var matcher = new StopStringMatcher(new StopStringSet(["c", "abc", "bc", "abcd"]));
        Assert.Equal(4, matcher.Process("xabcd"u8));
        Assert.Equal(("abc", 3), (matcher.Found, matcher.FoundLength));
        Assert.Equal(0, matcher.Process("c"u8));
    }

    [Fact]
    public void Matching_agrees_with_a_search_over_the_whole_text()
    {
        var random = new Random(6);
        for (int round = 0; round < 3000; round++)
        {
            string text = Letters(random, 30);
            string[] stops = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Letters(random, random.Next(1, 6)))];
            int end = Enumerable.Range(1, text.Length).FirstOrDefault(length => stops.Any(text[..length].EndsWith));
            var matcher = new StopStringMatcher(new StopStringSet(stops));
            Assert.Equal(end == 0 ? text.Length : end, matcher.Process(Encoding.UTF8.GetBytes(text)));
            Assert.Equal(end == 0 ? null : stops.Where(text[..end].EndsWith).MaxBy(stop => stop.Length), matcher.Found);
        }
    }

    private static string Letters(Random random, int length) => new([.. Enumerable.Range(0, length).Select(_ => (char)('a' + random.Next(2)))]);

    private sealed class Bytes(byte[][] tokens) : ITokenText
    {
        public ReadOnlySpan<byte> TokenBytes(int id) => tokens[id];
    }
}
