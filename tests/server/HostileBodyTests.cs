using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Malformed bodies get a status below 500, and the server keeps working.</summary>
public sealed class HostileBodyTests(DemoServer demo) : IClassFixture<DemoServer>
{
    private readonly TestServer _server = demo.Server;

    public static TheoryData<string, string> Broken => new()
    {
        { "", "not valid JSON" },
        { " ", "not valid JSON" },
        { "{", "not valid JSON" },
        { "{\"messages\":", "not valid JSON" },
        { "{}{}", "not valid JSON" },
        { "[]", "must be a JSON object" },
        { "7", "must be a JSON object" },
        { "null", "must be a JSON object" },
        { "{\"a\":NaN}", "not valid JSON" },
        { "{'a':1}", "not valid JSON" },
        { "{\"a\":1,}", "not valid JSON" },
        { "{\"a\":\"\\ud800\"}", "surrogate" },
        { "{\"\\udc00\":1}", "surrogate" },
        { "{\"messages\":[{\"role\":\"user\",\"content\":\"\\ud83d\"}]}", "surrogate" },
        { "{\"a\":\"\\u00zz\"}", "not valid JSON" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task Broken_json_is_refused(string body, string part)
    {
        (int status, JsonElement json) = await _server.PostAsync(Bodies.ChatPath, body);
        Assert.Equal(400, status);
        Assert.Contains(part, json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invalid_utf8_is_refused()
    {
        byte[] body = [.. Encoding.UTF8.GetBytes("""{"prompt":"a"""), 0xC3, 0x28, .. "\"}"u8];
        ByteArrayContent content = new(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using HttpResponseMessage response = await _server.Client.PostAsync(Bodies.CompletionPath, content);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("UTF-8", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"a\":", "}")]
    public async Task Deep_nesting_is_refused(string open, string close)
    {
        string deep = string.Concat(Enumerable.Repeat(open, 100_000)) + "1" + string.Concat(Enumerable.Repeat(close, 100_000));
        (int status, _) = await _server.PostAsync(Bodies.ChatPath, Bodies.Chat("hi", $"\"metadata\":{deep}"));
        Assert.Equal(400, status);
        (status, _) = await _server.PostAsync(Bodies.ChatPath, Bodies.Chat("hi", "\"metadata\":" + new string('[', 40) + new string(']', 40)));
        Assert.Equal(200, status);
    }

    [Fact]
    public async Task A_giant_body_is_refused_by_its_length_and_by_its_bytes()
    {
        string giant = Bodies.Chat(new string('a', 9 << 20));
        using HttpResponseMessage declared = await SendExpectingContinueAsync(new StringContent(giant, Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, declared.StatusCode);
        Assert.Contains("8388608", await declared.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        StreamContent chunked = new(new MemoryStream(Encoding.UTF8.GetBytes(giant))) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using HttpRequestMessage request = new(HttpMethod.Post, Bodies.ChatPath) { Content = chunked, Headers = { TransferEncodingChunked = true } };
        try
        {
            using HttpResponseMessage response = await _server.Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        }
        catch (HttpRequestException)
        {
            // The server may close the connection before the whole body was sent.
        }

        Assert.Equal(200, (await _server.PostAsync(Bodies.ChatPath, Bodies.Chat("hi"))).Status);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData(null)]
    public async Task A_body_not_declared_as_json_is_refused(string? type)
    {
        ByteArrayContent content = new(Encoding.UTF8.GetBytes(Bodies.Chat("hi")));
        content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);
        using HttpResponseMessage response = await _server.Client.PostAsync(Bodies.ChatPath, content);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Theory]
    [InlineData("GET /v1/models HTTP/1.1\r\nHost: x y\r\n\r\n")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"mess")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("\0\u0001\u0002 garbage\r\n\r\n")]
    [InlineData("GET /%00%ff%c3%28 HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    public async Task Bytes_that_are_not_a_request_do_no_harm(string bytes)
    {
        using (Socket client = new(SocketType.Stream, ProtocolType.Tcp))
        {
            await client.ConnectAsync(_server.Address.Host, _server.Address.Port);
            await client.SendAsync(Encoding.Latin1.GetBytes(bytes));
            client.Shutdown(SocketShutdown.Send);
            byte[] answer = new byte[4096];
            int read = await ReceiveAsync(client, answer);
            Assert.DoesNotMatch("^HTTP/1.1 5", Encoding.Latin1.GetString(answer, 0, read));
        }

        Assert.Equal(200, (await _server.PostAsync(Bodies.ChatPath, Bodies.Chat("hi"))).Status);
    }

    private static async Task<int> ReceiveAsync(Socket client, byte[] answer)
    {
        try
        {
            return await client.ReceiveAsync(answer);
        }
        catch (SocketException)
        {
            // The server may close a connection without a response if the bytes are not a request.
            return 0;
        }
    }

    private async Task<HttpResponseMessage> SendExpectingContinueAsync(HttpContent content)
    {
        HttpRequestMessage request = new(HttpMethod.Post, Bodies.ChatPath) { Content = content, Headers = { ExpectContinue = true } };
        return await _server.Client.SendAsync(request);
    }
}
