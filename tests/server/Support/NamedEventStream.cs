using System.Text.Json;
using Xunit;

namespace HunyuanOrleans.Server.Tests.Support;

/// <summary>A complete response of named server-sent events, whose data repeats the name as its type, parsed strictly.</summary>
internal sealed class NamedEventStream
{
    private NamedEventStream(HttpResponseMessage response, byte[] body)
    {
        Events =
        [
            .. new EventBlocks(response, body).Events.Select(text =>
            {
                string[] lines = text.Split('\n');
                Assert.Equal(2, lines.Length);
                Assert.StartsWith("event: ", lines[0], StringComparison.Ordinal);
                Assert.StartsWith("data: ", lines[1], StringComparison.Ordinal);
                JsonElement json = JsonDocument.Parse(lines[1]["data: ".Length..]).RootElement;
                Assert.Equal(lines[0]["event: ".Length..], json.GetProperty("type").GetString());
                return json;
            }),
        ];
    }

    public JsonElement[] Events { get; }

    /// <summary>The types of the events of Anthropic's messages, with one entry for deltas that follow each other.</summary>
    public string[] Types
    {
        get
        {
            List<string> types = [];
            foreach (string type in Events.Select(item => item.GetProperty("type").GetString()!))
            {
                if (type != "content_block_delta" || types[^1] != type)
                {
                    types.Add(type);
                }
            }

            return [.. types];
        }
    }

    /// <summary>Posts JSON and reads the whole stream.</summary>
    public static async Task<NamedEventStream> PostAsync(TestServer server, string path, string json)
    {
        using HttpResponseMessage response = await server.Client.PostAsync(path, TestServer.Content(json));
        return new NamedEventStream(response, await response.Content.ReadAsByteArrayAsync());
    }

    /// <summary>The events of a type.</summary>
    public JsonElement[] All(string type) => [.. Events.Where(item => item.GetProperty("type").GetString() == type)];

    /// <summary>The block that an index starts, with the text that its deltas have in a field.</summary>
    public (JsonElement Start, string Text) Block(int index, string field) => (
        Assert.Single(All("content_block_start"), item => item.GetProperty("index").GetInt32() == index).GetProperty("content_block"),
        string.Concat(All("content_block_delta").Where(item => item.GetProperty("index").GetInt32() == index)
            .Select(item => item.GetProperty("delta").TryGetProperty(field, out JsonElement text) ? text.GetString() : "")));
}
