using System.Text;
using System.Text.Json;
using Xunit;

namespace HunyuanOrleans.Server.Tests.Support;

/// <summary>A complete stream of /v1/responses, parsed strictly: named events, which their data repeats, numbered from 0.</summary>
internal sealed class ResponseStream
{
    public ResponseStream(HttpResponseMessage response, byte[] body)
    {
        Raw = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(body);
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}: {Raw}");
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.EndsWith("\n\n", Raw, StringComparison.Ordinal);
        foreach (string text in Raw[..^2].Split("\n\n").Where(text => text is not (": keep-alive" or ":")))
        {
            string[] lines = text.Split('\n');
            Assert.Equal(2, lines.Length);
            Assert.StartsWith("data: ", lines[1], StringComparison.Ordinal);
            JsonElement data = JsonDocument.Parse(lines[1]["data: ".Length..]).RootElement;
            Assert.Equal("event: " + data.GetProperty("type").GetString(), lines[0]);
            Assert.Equal(Events.Count, data.GetProperty("sequence_number").GetInt32());
            Events.Add(data);
        }
    }

    public string Raw { get; }

    public List<JsonElement> Events { get; } = [];

    /// <summary>The names of the events, in which deltas that follow each other count once.</summary>
    public IEnumerable<string> Names => Events.Select(Name).Where((name, i) => i == 0 || name != Name(Events[i - 1]));

    /// <summary>The response in the last event.</summary>
    public JsonElement Final => Events[^1].GetProperty("response");

    public static async Task<ResponseStream> ReadAsync(TestServer server, string json)
    {
        using HttpResponseMessage response = await server.Client.PostAsync(Bodies.ResponsesPath, TestServer.Content(json));
        return new ResponseStream(response, await response.Content.ReadAsByteArrayAsync());
    }

    /// <summary>All text of the events of a name.</summary>
    public string Deltas(string name) => string.Concat(Events.Where(data => Name(data) == name).Select(data => data.GetProperty("delta").GetString()));

    private static string Name(JsonElement data) => data.GetProperty("type").GetString()!;
}
