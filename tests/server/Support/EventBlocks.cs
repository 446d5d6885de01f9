using System.Text;
using Xunit;

namespace HunyuanOrleans.Server.Tests.Support;

/// <summary>The server-sent events of a complete response as text. The format inside an event is the reader's affair.</summary>
internal sealed class EventBlocks
{
    public EventBlocks(HttpResponseMessage response, byte[] body)
    {
        Raw = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(body);
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}: {Raw}");
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.EndsWith("\n\n", Raw, StringComparison.Ordinal);
        // A busy machine may be silent for long enough that comments are sent.
        Events = [.. Raw[..^2].Split("\n\n").Where(text => text is not (": keep-alive" or ":"))];
    }

    public string Raw { get; }

    /// <summary>The events without the empty lines between them. Comments are left out.</summary>
    public string[] Events { get; }
}
