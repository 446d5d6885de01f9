using System.Text.Json;
using Xunit;

namespace HunyuanOrleans.Server.Tests.Support;

/// <summary>A complete response of server-sent events, parsed strictly.</summary>
internal sealed class EventStream
{
    public EventStream(HttpResponseMessage response, byte[] body)
    {
        EventBlocks blocks = new(response, body);
        Raw = blocks.Raw;
        Lines = blocks.Events;
        Assert.All(Lines, line =>
        {
            Assert.StartsWith("data: ", line, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', line);
        });
        Assert.Equal("data: [DONE]", Lines[^1]);
        Chunks = [.. Lines[..^1].Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement)];
    }

    public string Raw { get; }

    public string[] Lines { get; }

    public JsonElement[] Chunks { get; }

    /// <summary>The elements of "choices" of one choice, in all chunks.</summary>
    public JsonElement[] Choice(int index) =>
    [
        .. Chunks.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray())
            .Where(choice => choice.GetProperty("index").GetInt32() == index),
    ];

    /// <summary>The text of one choice of a chat completion.</summary>
    public string Content(int index = 0) => Delta("content", index);

    /// <summary>The reasoning of one choice of a chat completion.</summary>
    public string Reasoning(int index = 0) => Delta("reasoning_content", index);

    /// <summary>The text of one choice of a text completion.</summary>
    public string Text(int index = 0) => string.Concat(Choice(index).Select(choice => choice.GetProperty("text").GetString()));

    /// <summary>The finish reason of one choice. Fails if an earlier chunk than the last has one.</summary>
    public string Finish(int index = 0)
    {
        JsonElement[] chunks = Choice(index);
        Assert.All(chunks[..^1], chunk => Assert.Equal(JsonValueKind.Null, chunk.GetProperty("finish_reason").ValueKind));
        return chunks[^1].GetProperty("finish_reason").GetString()!;
    }

    private string Delta(string name, int index) => string.Concat(Choice(index)
        .Select(choice => choice.GetProperty("delta").TryGetProperty(name, out JsonElement text) ? text.GetString() : ""));
}
