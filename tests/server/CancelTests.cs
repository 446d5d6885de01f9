using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Clients that disconnect, are slow, or are many; failing engines; requests that take too long.</summary>
public sealed class CancelTests(DemoServer demo) : IClassFixture<DemoServer>
{
    // At this temperature hardly a guess is right, so an answer of 4,000 tokens takes that many steps.
    private const string Long = "\"ignore_eos\":true,\"max_tokens\":4000,\"temperature\":2,\"seed\":1";
    private readonly TestServer _server = demo.Server;

    [Fact]
    public async Task A_client_that_disconnects_from_a_stream_frees_its_blocks()
    {
        EngineStatistics before = await _server.StatisticsAsync();
        const int Choices = 16;
        using (HttpResponseMessage response = await OpenAsync(_server, Bodies.Chat("hi", Long + $",\"stream\":true,\"n\":{Choices}")))
        {
            using Stream stream = await response.Content.ReadAsStreamAsync();
            await stream.ReadExactlyAsync(new byte[2000]);
            Assert.True((await _server.StatisticsAsync()).KvUsed > 0);
        }

        await _server.WaitUntilIdleAsync();
        EngineStatistics after = await _server.StatisticsAsync();
        Assert.Equal(Choices, after.Cancelled - before.Cancelled);
        Assert.InRange(after.AnswerTokens - before.AnswerTokens, 1, (Choices * 4000) - 1);
    }

    [Fact]
    public async Task A_client_that_disconnects_before_the_response_frees_its_blocks()
    {
        EngineStatistics before = await _server.StatisticsAsync();
        using CancellationTokenSource disconnect = new();
        Task<HttpResponseMessage> asked = _server.Client.PostAsync(Bodies.ChatPath, TestServer.Content(Bodies.Chat("hi", Long)), disconnect.Token);
        await Wait.UntilAsync(_server.StatisticsAsync, static statistics => statistics.Running > 0);

        await disconnect.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await _server.WaitUntilIdleAsync();
        Assert.Equal(1, (await _server.StatisticsAsync()).Cancelled - before.Cancelled);
    }

    [Fact]
    public async Task Sixty_four_concurrent_streams_get_the_same_answers_as_alone()
    {
        JsonElement[] items = Bodies.Recorded;
        EventStream[] streams = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => _server.StreamAsync(
            Bodies.ChatPath, $$"""{"stream":true,"messages":{{items[i % items.Length].GetProperty("messages")}}}""")));
        for (int i = 0; i < streams.Length; i++)
        {
            Assert.Equal(items[i % items.Length].GetProperty("output_text").GetString(), streams[i].Content());
        }

        await _server.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task A_slow_client_delays_no_others_and_receives_its_whole_stream()
    {
        string body = Bodies.Chat("hi", Long + ",\"stream\":true,\"logprobs\":true,\"top_logprobs\":20,\"n\":2");
        using Socket slow = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await slow.ConnectAsync(_server.Address.Host, _server.Address.Port);
        await slow.SendAsync(Encoding.UTF8.GetBytes(
            $"POST {Bodies.ChatPath} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
            + $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"));
        byte[] bytes = new byte[64 * 1024];
        Assert.True(await slow.ReceiveAsync(bytes.AsMemory(0, 100)) > 0);

        // While it reads nothing, the server answers other clients, and the engine finishes its choices.
        for (int i = 0; i < 5; i++)
        {
            await _server.OkAsync(Bodies.ChatPath, Bodies.Chat("hi"));
        }

        await _server.WaitUntilIdleAsync();
        StringBuilder rest = new();
        for (int read = 1; read > 0;)
        {
            read = await slow.ReceiveAsync(bytes);
            rest.Append(Encoding.UTF8.GetString(bytes, 0, read));
        }

        Assert.Contains("data: [DONE]", rest.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_takes_too_long_is_answered_504()
    {
        FakeTimeProvider time = new();
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync(services: list => list.Add(new(typeof(TimeProvider), time)));
        Task<(int Status, JsonElement Json)> whole = server.PostAsync(Bodies.ChatPath, """{"messages":[{"role":"user","content":"a"}]}""");
        await generator.WaitForSubmissionsAsync(1);
        generator.Emit("ab");
        time.Advance(TimeSpan.FromMinutes(10));
        (int status, JsonElement json) = await whole;
        Assert.Equal((504, "request_timeout"), (status, json.GetProperty("error").GetProperty("code").GetString()));
        await generator.WaitForCancellationAsync();
    }

    [Fact]
    public async Task A_stream_that_takes_too_long_ends_with_an_error()
    {
        FakeTimeProvider time = new();
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync(services: list => list.Add(new(typeof(TimeProvider), time)));
        using HttpRequestMessage request = new(HttpMethod.Post, Bodies.ChatPath)
        {
            Content = TestServer.Content("""{"stream":true,"messages":[{"role":"user","content":"a"}]}"""),
        };
        Task<HttpResponseMessage> asked = server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await generator.WaitForSubmissionsAsync(1);
        generator.Emit("ab");
        using HttpResponseMessage response = await asked;
        time.Advance(TimeSpan.FromMinutes(10));
        string[] lines = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("data: {\"error\":{", lines[^2], StringComparison.Ordinal);
        Assert.Contains("request_timeout", lines[^2], StringComparison.Ordinal);
        Assert.Equal("data: [DONE]", lines[^1]);
    }

    [Fact]
    public async Task An_engine_that_fails_is_a_500_in_a_whole_response()
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync();
        Task<(int Status, JsonElement Json)> whole = server.PostAsync(Bodies.ChatPath, """{"messages":[{"role":"user","content":"a"}]}""");
        await generator.WaitForSubmissionsAsync(1);
        generator.Emit("ab");
        generator.Emit("", FinishReason.Error, "broken step");
        (int status, JsonElement json) = await whole;
        Assert.Equal((500, "broken step"), (status, json.GetProperty("error").GetProperty("message").GetString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ab")]
    public async Task An_engine_that_fails_is_an_event_of_a_stream_before_and_after_its_first_token(string text)
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync();
        Task<EventStream> asked = server.StreamAsync(Bodies.ChatPath, """{"stream":true,"messages":[{"role":"user","content":"a"}]}""");
        await generator.WaitForSubmissionsAsync(1);
        generator.Emit(text);
        generator.Emit("", FinishReason.Error, "broken step");
        EventStream stream = await asked;
        Assert.Equal("broken step", stream.Chunks[^1].GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_full_queue_is_answered_429_with_retry_after()
    {
        ScriptedGenerator generator = new() { Text = "ab" };
        generator.SubmitFailures.Enqueue(new QueueFullException(5, 1, 5));
        await using TestServer server = await generator.ServeAsync();
        using HttpResponseMessage response = await server.Client.PostAsync(
            Bodies.ChatPath, TestServer.Content("""{"messages":[{"role":"user","content":"a"}]}"""));
        Assert.Equal(429, (int)response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter!.Delta);
        Assert.Contains("queue_full", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await server.OkAsync(Bodies.ChatPath, """{"messages":[{"role":"user","content":"a"}]}""");
    }

    [Fact]
    public async Task Prompts_submitted_before_a_rejected_one_are_cancelled()
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync();
        generator.SubmitFailures.Enqueue(new QueueFullException(5, 1, 5));
        Assert.Equal(429, (await server.PostAsync(Bodies.CompletionPath, """{"prompt":["a","b"]}""")).Status);
        Task<(int Status, JsonElement Json)> asked = server.PostAsync(Bodies.CompletionPath, """{"prompt":["a","b"]}""");
        await generator.WaitForSubmissionsAsync(2);
        generator.Emit("x", FinishReason.Cancelled);
        Assert.Equal(503, (await asked).Status);
        await generator.WaitForCancellationAsync();
    }

    private static async Task<HttpResponseMessage> OpenAsync(TestServer server, string body)
    {
        HttpRequestMessage request = new(HttpMethod.Post, Bodies.ChatPath) { Content = TestServer.Content(body) };
        return await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
