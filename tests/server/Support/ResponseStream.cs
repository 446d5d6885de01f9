using System.Text.Json;
using Xunit;

namespace HunyuanOrleans.Server.Tests.Support;

/// <summary>A complete stream of /v1/responses, parsed strictly: named events, which their data repeats, numbered from 0.</summary>
internal sealed class ResponseStream
{
    private ResponseStream(NamedEventStream stream)
    {
        Events = stream.Events;
        Assert.Equal(Enumerable.Range(0, Events.Length), Events.Select(data => data.GetProperty("sequence_number").GetInt32()));
    }

    public JsonElement[] Events { get; }

    /// <summary>The names of the events, in which deltas that follow each other count once.</summary>
    public IEnumerable<string> Names => Events.Select(Name).Where((name, i) => i == 0 || name != Name(Events[i - 1]));

    /// <summary>The response in the last event.</summary>
    public JsonElement Final => Events[^1].GetProperty("response");

    public static async Task<ResponseStream> ReadAsync(TestServer server, string json) =>
        new(await NamedEventStream.PostAsync(server, Bodies.ResponsesPath, json));

    /// <summary>All text of the events of a name.</summary>
    public string Deltas(string name) => string.Concat(Events.Where(data => Name(data) == name).Select(data => data.GetProperty("delta").GetString()));

    private static string Name(JsonElement data) => data.GetProperty("type").GetString()!;
}
