using System.Text.Json;
using System.Text.RegularExpressions;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>The exact format of streams.</summary>
public sealed class StreamTests(DemoServer demo) : IClassFixture<DemoServer>
{
    private const string Question = "法国的首都是哪里？";
    private readonly TestServer _server = demo.Server;

    [Fact]
    public async Task A_chats_chunks_are_as_openai_writes_them()
    {
        EventStream stream = await _server.StreamAsync(Bodies.ChatPath, Bodies.Chat(Question, "\"stream\":true"));
        string head = Regex.Match(stream.Lines[0], "^data: \\{\"id\":\"chatcmpl-[0-9a-f]{32}\",\"object\":\"chat.completion.chunk\",\"created\":[0-9]{10},"
            + "\"model\":\"demo-model\",\"choices\":\\[").Value;
        Assert.NotEqual("", head);
        Assert.All(stream.Lines[..^1], line => Assert.StartsWith(head, line, StringComparison.Ordinal));
        Assert.Equal(
            head + """{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}""", stream.Lines[0]);
        Assert.All(stream.Lines[1..^2], line => Assert.Matches(
            "^" + Regex.Escape(head) + "\\{\"index\":0,\"delta\":\\{\"content\":\"[^\"\\\\]+\"\\},\"logprobs\":null,\"finish_reason\":null\\}\\]\\}$", line));
        Assert.Equal(head + """{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}""", stream.Lines[^2]);
        Assert.Equal("法国的首都是巴黎。", stream.Content());
    }

    [Fact]
    public async Task A_usage_chunk_comes_last_if_requested()
    {
        EventStream stream = await _server.StreamAsync(
            Bodies.ChatPath, Bodies.Chat(Question, "\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
        Assert.All(stream.Chunks[..^1], chunk => Assert.Equal(JsonValueKind.Null, chunk.GetProperty("usage").ValueKind));
        Assert.Empty(stream.Chunks[^1].GetProperty("choices").EnumerateArray());
        JsonElement whole = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(Question));
        JsonElement usage = stream.Chunks[^1].GetProperty("usage");
        foreach (string field in new[] { "prompt_tokens", "completion_tokens", "total_tokens" })
        {
            Assert.Equal(whole.GetProperty("usage").GetProperty(field).GetInt32(), usage.GetProperty(field).GetInt32());
        }

        EventStream without = await _server.StreamAsync(Bodies.ChatPath, Bodies.Chat(Question, "\"stream\":true"));
        Assert.All(without.Chunks, chunk => Assert.False(chunk.TryGetProperty("usage", out _)));
    }

    [Theory]
    [InlineData("\"max_tokens\":2", "length")]
    [InlineData("\"stop\":\"巴\"", "stop")]
    [InlineData("\"temperature\":1.5,\"seed\":3", "stop|length")]
    public async Task A_stream_contains_the_same_answer_as_a_whole_response(string more, string finish)
    {
        EventStream stream = await _server.StreamAsync(Bodies.ChatPath, Bodies.Chat(Question, more + ",\"stream\":true"));
        JsonElement whole = (await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(Question, more))).GetProperty("choices")[0];
        Assert.Equal(whole.GetProperty("message").GetProperty("content").GetString(), stream.Content());
        Assert.Equal(whole.GetProperty("finish_reason").GetString(), stream.Finish());
        Assert.Matches($"^({finish})$", stream.Finish());
    }

    [Fact]
    public async Task Several_answers_share_a_stream()
    {
        const string more = "\"n\":4,\"temperature\":1.5,\"top_p\":1,\"top_k\":0,\"seed\":5,\"max_tokens\":20";
        EventStream stream = await _server.StreamAsync(Bodies.ChatPath, Bodies.Chat(Question, more + ",\"stream\":true"));
        JsonElement whole = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(Question, more));
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(whole.GetProperty("choices")[i].GetProperty("message").GetProperty("content").GetString(), stream.Content(i));
            Assert.Equal("assistant", stream.Choice(i)[0].GetProperty("delta").GetProperty("role").GetString());
            Assert.Equal(whole.GetProperty("choices")[i].GetProperty("finish_reason").GetString(), stream.Finish(i));
        }

        Assert.Single(stream.Chunks.Select(chunk => chunk.GetProperty("id").GetString()).Distinct());
    }

    [Fact]
    public async Task Logprobs_are_streamed_with_their_tokens()
    {
        const string more = "\"logprobs\":true,\"top_logprobs\":2";
        EventStream stream = await _server.StreamAsync(Bodies.ChatPath, Bodies.Chat(Question, more + ",\"stream\":true"));
        JsonElement whole = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(Question, more));
        string[] streamed =
        [
            .. stream.Choice(0).Select(c => c.GetProperty("logprobs")).Where(l => l.ValueKind == JsonValueKind.Object)
                .SelectMany(l => l.GetProperty("content").EnumerateArray()).Select(t => t.GetRawText()),
        ];
        Assert.Equal(
            whole.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content").EnumerateArray().Select(t => t.GetRawText()), streamed);
    }

    [Fact]
    public async Task A_completions_chunks_are_as_openai_writes_them()
    {
        EventStream stream = await _server.StreamAsync(
            Bodies.CompletionPath, """{"prompt":"你好","max_tokens":3,"stream":true,"echo":true,"stream_options":{"include_usage":true}}""");
        string head = Regex.Match(
            stream.Lines[0], "^data: \\{\"id\":\"cmpl-[0-9a-f]{32}\",\"object\":\"text_completion\",\"created\":[0-9]{10},\"model\":\"demo-model\",\"choices\":\\[").Value;
        Assert.NotEqual("", head);
        Assert.Equal(head + """{"index":0,"text":"你好","logprobs":null,"finish_reason":null}],"usage":null}""", stream.Lines[0]);
        Assert.Equal(head + """{"index":0,"text":"","logprobs":null,"finish_reason":"length"}],"usage":null}""", stream.Lines[^3]);
        Assert.Equal("length", stream.Finish());
        JsonElement whole = await _server.OkAsync(Bodies.CompletionPath, """{"prompt":"你好","max_tokens":3,"echo":true}""");
        Assert.Equal(whole.GetProperty("choices")[0].GetProperty("text").GetString(), stream.Text());
    }

    [Fact]
    public async Task A_stream_must_not_be_cached()
    {
        using HttpRequestMessage request = new(HttpMethod.Post, Bodies.ChatPath)
        {
            Content = TestServer.Content(Bodies.Chat(Question, "\"stream\":true")),
        };
        using HttpResponseMessage response = await _server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("no-cache", response.Headers.CacheControl!.ToString());
        Assert.Null(response.Content.Headers.ContentLength);
    }
}
