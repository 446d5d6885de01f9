using System.Net.Sockets;
using System.Text;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Clients that end their sending side after the request get their answer; clients that are gone are noticed.</summary>
public sealed class HalfCloseTests
{
    // Many more steps than the server takes to see that the client sends no more.
    private const int Tokens = 200;
    private const string Whole = """{"messages":[{"role":"user","content":"a"}]}""", Streamed = """{"stream":true,"messages":[{"role":"user","content":"a"}]}""";
    private const string Interim = "HTTP/1.1 100 Continue\r\n\r\n";

    // Clients of HTTP/1.0 do not know interim responses.
    [Theory]
    [InlineData("HTTP/1.1", false, Interim)]
    [InlineData("HTTP/1.1", true, Interim)]
    [InlineData("HTTP/1.0", false, "")]
    public async Task A_client_that_half_closes_gets_its_whole_response(string version, bool chunked, string interim)
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync();
        using RawClient client = await RawClient.SendAsync(server, Bodies.ChatPath, Whole, version, chunked);
        client.HalfClose();
        await generator.WaitForSubmissionsAsync(1);
        await client.ReadUntilAsync(interim);
        await EmitAsync(generator);

        string answer = await client.ReadToEndAsync();
        Assert.Equal(interim + answer, client.Received);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.Contains($"\"completion_tokens\":{Tokens},", answer, StringComparison.Ordinal);
        Assert.EndsWith("}", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Bodies.ChatPath, Streamed, "data: [DONE]\n\n")]
    [InlineData(Bodies.CompletionPath, """{"stream":true,"prompt":"a"}""", "data: [DONE]\n\n")]
    [InlineData("/v1/messages", """{"stream":true,"max_tokens":300,"messages":[{"role":"user","content":"a"}]}""", "event: message_stop\n")]
    [InlineData("/v1/responses", """{"stream":true,"input":"a"}""", "event: response.completed\n")]
    [InlineData("/api/chat", Whole, "\"done\":true")]
    public async Task A_client_that_half_closes_gets_its_whole_stream(string path, string body, string end)
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync();
        using RawClient client = await RawClient.SendAsync(server, path, body);
        client.HalfClose();
        await generator.WaitForSubmissionsAsync(1);
        await EmitAsync(generator);

        string answer = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.Contains(end, answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n0\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_closes_before_its_whole_response_is_noticed()
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync();
        using RawClient client = await RawClient.SendAsync(server, Bodies.ChatPath, Whole);
        await generator.WaitForSubmissionsAsync(1);
        client.Dispose();
        await generator.WaitForCancellationAsync();
    }

    [Fact]
    public async Task A_client_that_half_closes_and_then_resets_the_connection_is_noticed()
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync();
        using RawClient client = await RawClient.SendAsync(server, Bodies.ChatPath, Whole);
        client.HalfClose();
        await client.ReadUntilAsync(Interim);
        client.Reset();
        await generator.WaitForCancellationAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_leaves_a_stream_is_noticed(bool halfCloses)
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync();
        using RawClient client = await RawClient.SendAsync(server, Bodies.ChatPath, Streamed);
        if (halfCloses)
        {
            client.HalfClose();
        }

        await generator.WaitForSubmissionsAsync(1);
        await EmitAsync(generator, FinishReason.None);
        await client.ReadUntilAsync("data: ");
        client.Dispose();
        Task noticed = generator.WaitForCancellationAsync();
        await Wait.UntilAsync(() =>
        {
            generator.Emit("a");
            return noticed.IsCompleted;
        });
        await noticed;
    }

    [Fact]
    public async Task A_queued_stream_whose_client_left_is_noticed_by_its_comments()
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync(static options => options.KeepAliveInterval = TimeSpan.FromMilliseconds(20));
        using RawClient client = await RawClient.SendAsync(server, Bodies.ChatPath, Streamed);
        await generator.WaitForSubmissionsAsync(1);
        client.Dispose();
        await generator.WaitForCancellationAsync();
    }

    [Fact]
    public async Task Two_requests_that_were_sent_before_a_half_close_are_both_answered()
    {
        ScriptedGenerator generator = new() { Text = "ab" };
        await using TestServer server = await generator.ServeAsync();
        using RawClient client = await RawClient.SendAsync(server, Bodies.ChatPath, Whole);
        await client.SendAgainAsync(Bodies.ChatPath, Streamed);
        client.HalfClose();
        string answers = await client.ReadToEndAsync();
        Assert.Equal(3, answers.Split("HTTP/1.1 200 OK\r\n").Length);
        Assert.Contains("data: [DONE]\n\n", answers, StringComparison.Ordinal);
    }

    /// <summary>Emits tokens one by one, each after the previous one was read, and ends the choice.</summary>
    private static async Task EmitAsync(ScriptedGenerator generator, FinishReason finish = FinishReason.Stop)
    {
        for (int i = 0; i < Tokens; i++)
        {
            generator.Emit("a");
            await generator.WaitUntilReadAsync();
        }

        generator.Emit("", finish);
    }

    /// <summary>A client on a bare socket.</summary>
    private sealed class RawClient : IDisposable
    {
        private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);
        private readonly StringBuilder _received = new();
        private readonly byte[] _bytes = new byte[4096];
        private int _read;

        /// <summary>Everything that was received.</summary>
        public string Received => _received.ToString();

        public static async Task<RawClient> SendAsync(TestServer server, string path, string body, string version = "HTTP/1.1", bool chunked = false)
        {
            RawClient client = new();
            await client._socket.ConnectAsync(server.Address.Host, server.Address.Port);
            await client.SendAgainAsync(path, body, version, chunked);
            return client;
        }

        public async Task SendAgainAsync(string path, string body, string version = "HTTP/1.1", bool chunked = false)
        {
            string content = chunked
                ? $"Transfer-Encoding: chunked\r\n\r\n{body.Length:x}\r\n{body}\r\n0\r\n\r\n"
                : $"Content-Length: {body.Length}\r\n\r\n{body}";
            await _socket.SendAsync(Encoding.ASCII.GetBytes($"POST {path} {version}\r\nHost: localhost\r\nContent-Type: application/json\r\n{content}"));
        }

        public void HalfClose() => _socket.Shutdown(SocketShutdown.Send);

        public void Reset()
        {
            _socket.LingerState = new LingerOption(true, 0);
            _socket.Dispose();
        }

        /// <summary>Reads until a text was received.</summary>
        public async Task ReadUntilAsync(string part)
        {
            int end;
            while ((end = Received.IndexOf(part, _read, StringComparison.Ordinal)) < 0)
            {
                Assert.True(await ReceiveAsync(), Received);
            }

            _read = end + part.Length;
        }

        /// <summary>Reads until the server closes the connection.</summary>
        /// <returns>What followed the last text that was waited for.</returns>
        public async Task<string> ReadToEndAsync()
        {
            while (await ReceiveAsync())
            {
            }

            return Received[_read..];
        }

        public void Dispose() => _socket.Dispose();

        private async Task<bool> ReceiveAsync()
        {
            int count = await _socket.ReceiveAsync(_bytes.AsMemory()).AsTask().WaitAsync(Wait.Limit);
            _received.Append(Encoding.UTF8.GetString(_bytes, 0, count));
            return count > 0;
        }
    }
}
