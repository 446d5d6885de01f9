using System.Text;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Streams send their headers once the engine has accepted the request, and comments while nothing else is sent.</summary>
public sealed class KeepAliveTests
{
    private const string Body = """{"stream":true,"messages":[{"role":"user","content":"a"}]}""", Comment = ": keep-alive\n\n";
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10), Less = TimeSpan.FromSeconds(9);

    [Theory]
    [InlineData(Bodies.ChatPath, """{"stream":true,"messages":[{"role":"user","content":"a"}]}""")]
    [InlineData(Bodies.CompletionPath, """{"stream":true,"prompt":"a"}""")]
    public async Task Headers_come_before_the_first_token(string path, string body)
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync();
        using HttpResponseMessage response = await OpenAsync(server, path, body);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("no-cache", response.Headers.CacheControl!.ToString());
        Assert.Equal("no", Assert.Single(response.Headers.GetValues("X-Accel-Buffering")));

        generator.Emit("ab", FinishReason.Stop);
        Assert.Equal("stop", new EventStream(response, await response.Content.ReadAsByteArrayAsync()).Finish());
    }

    [Fact]
    public async Task Comments_are_sent_only_while_nothing_else_is()
    {
        FakeTimeProvider time = new();
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync(services: list => list.Add(new(typeof(TimeProvider), time)));
        using HttpResponseMessage response = await OpenAsync(server, Bodies.ChatPath, Body);
        using Stream stream = await response.Content.ReadAsStreamAsync();
        for (int i = 0; i < 2; i++)
        {
            time.Advance(Interval);
            Assert.Equal(Comment, await ReadAsync(stream));
        }

        // The first event after a comment ends it for clients that strip white space from what they read at once.
        time.Advance(Less);
        generator.Emit("a");
        Assert.StartsWith(":\n\ndata: {", await ReadAsync(stream, "\"content\":\"a\""), StringComparison.Ordinal);

        time.Advance(Less);
        generator.Emit("b");
        Assert.StartsWith("data: {", await ReadAsync(stream, "\"content\":\"b\""), StringComparison.Ordinal);

        time.Advance(Interval);
        Assert.Equal(Comment, await ReadAsync(stream));
        generator.Emit("", FinishReason.Stop);
        string end = await ReadAsync(stream, "data: [DONE]\n\n");
        Assert.StartsWith(":\n\ndata: {", end, StringComparison.Ordinal);
        Assert.DoesNotContain("keep-alive", end, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Comments_are_sent_while_reasoning_is_hidden()
    {
        FakeTimeProvider time = new();
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync(
            services: list => list.Add(new(typeof(TimeProvider), time)), template: "{{ messages[-1].content }}{{ '<think>' if false else '' }}");
        using HttpResponseMessage response = await OpenAsync(server, Bodies.ChatPath, Body.Replace("true", "true,\"include_reasoning\":false", StringComparison.Ordinal));
        using Stream stream = await response.Content.ReadAsStreamAsync();
        generator.Emit("<think>\n");
        await ReadAsync(stream, "\"role\":\"assistant\"");

        time.Advance(Less);
        generator.Emit("one two three");
        await generator.WaitUntilReadAsync();
        time.Advance(Interval - Less);
        Assert.Equal(Comment, await ReadAsync(stream));

        // What ends a comment is never sent alone.
        generator.Emit("one two three");
        await generator.WaitUntilReadAsync();
        time.Advance(Interval);
        Assert.Equal(":\n\n" + Comment, await ReadAsync(stream, Comment));

        generator.Emit("\n</think>\nFour.", FinishReason.Stop);
        string end = await ReadAsync(stream, "data: [DONE]\n\n");
        Assert.StartsWith(":\n\ndata: {", end, StringComparison.Ordinal);
        Assert.DoesNotContain("two", end, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_comments_are_sent_if_the_interval_is_zero()
    {
        FakeTimeProvider time = new();
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync(
            options => options.KeepAliveInterval = TimeSpan.Zero, list => list.Add(new(typeof(TimeProvider), time)));
        using HttpResponseMessage response = await OpenAsync(server, Bodies.ChatPath, Body);
        time.Advance(Interval * 10);
        generator.Emit("a", FinishReason.Stop);
        Assert.StartsWith("data: {", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_is_accepted_late_waits_with_comments_and_ends_with_an_error_event_if_it_is_refused_then()
    {
        FakeTimeProvider time = new();
        TaskCompletionSource accepting = new();
        ScriptedGenerator generator = new() { Accepting = accepting.Task };
        generator.SubmitFailures.Enqueue(new QueueFullException(5, 1, 5));
        await using TestServer server = await generator.ServeAsync(services: list => list.Add(new(typeof(TimeProvider), time)));
        Task<HttpResponseMessage> asked = OpenAsync(server, Bodies.ChatPath, Body);

        // The timer starts when the request arrives.
        await Wait.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return asked.IsCompleted;
        });

        using HttpResponseMessage response = await asked;
        using Stream stream = await response.Content.ReadAsStreamAsync();
        Assert.StartsWith(Comment, await ReadAsync(stream), StringComparison.Ordinal);
        accepting.SetResult();
        string end = await ReadAsync(stream, "data: [DONE]\n\n");
        Assert.Contains("data: {\"error\":{", end, StringComparison.Ordinal);
        Assert.Contains("queue_full", end, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_is_not_accepted_is_answered_with_a_plain_error()
    {
        ScriptedGenerator generator = new() { Text = "ab" };
        generator.SubmitFailures.Enqueue(new QueueFullException(5, 1, 5));
        generator.SubmitFailures.Enqueue(new RequestException("top_p", "top_p is wrong."));
        await using TestServer server = await generator.ServeAsync();
        (int status, JsonElement json) = await server.PostAsync(Bodies.ChatPath, Body);
        Assert.Equal((429, "queue_full"), (status, json.GetProperty("error").GetProperty("code").GetString()));
        (status, json) = await server.PostAsync(Bodies.ChatPath, Body);
        Assert.Equal((400, "top_p"), (status, json.GetProperty("error").GetProperty("param").GetString()));
        (status, json) = await server.PostAsync(Bodies.ChatPath, Body.Replace("true", "true,\"temperature\":\"hot\"", StringComparison.Ordinal));
        Assert.Equal((400, "temperature"), (status, json.GetProperty("error").GetProperty("param").GetString()));
        Assert.Equal("stop", (await server.StreamAsync(Bodies.ChatPath, Body)).Finish());
    }

    private static async Task<HttpResponseMessage> OpenAsync(TestServer server, string path, string body)
    {
        HttpRequestMessage request = new(HttpMethod.Post, path) { Content = TestServer.Content(body) };
        return await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Reads until the text contains a part and ends with an event.</summary>
    private static async Task<string> ReadAsync(Stream stream, string part = "")
    {
        StringBuilder text = new();
        byte[] bytes = new byte[4096];
        do
        {
            int read = await stream.ReadAsync(bytes).AsTask().WaitAsync(Wait.Limit);
            Assert.True(read > 0, text.ToString());
            text.Append(Encoding.UTF8.GetString(bytes, 0, read));
        }
        while (!text.ToString().Contains(part, StringComparison.Ordinal) || !text.ToString().EndsWith("\n\n", StringComparison.Ordinal));

        return text.ToString();
    }
}
