using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Text.Streaming;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Requests;

public sealed class TextStreamExtensionsTests
{
    [Fact]
    public void The_text_of_a_stop_id_is_not_shown_and_the_last_chunk_flushes()
    {
        var text = new Bytes([[0x41], [0x42], [0xE6]]);
        TokenChunk stopped = new(new[] { 0, 1 }, default, FinishReason.Stop, EndsWithStopId: true, null);
        Assert.Equal("A", new TextStream(text).Append(stopped));
        TokenChunk cut = new(new[] { 0, 2 }, default, FinishReason.Length, EndsWithStopId: false, null);
        Assert.Equal("A\uFFFD", new TextStream(text).Append(cut));
    }

    private sealed class Bytes(byte[][] tokens) : ITokenText
    {
        public ReadOnlySpan<byte> TokenBytes(int id) => tokens[id];
    }
}
