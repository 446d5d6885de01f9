using System.Text.Json;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>/v1/completions, /tokenize and /detokenize with the demo model.</summary>
public sealed class CompletionTests(DemoServer demo) : IClassFixture<DemoServer>
{
    private readonly TestServer _server = demo.Server;

    [Fact]
    public async Task Token_ids_give_the_recorded_answer()
    {
        JsonElement item = Bodies.Recorded[1];
        JsonElement answer = await _server.OkAsync(
            Bodies.CompletionPath, $$"""{"model":"demo-model","prompt":{{item.GetProperty("prompt_ids")}},"max_tokens":64}""");
        Assert.StartsWith("cmpl-", answer.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("text_completion", answer.GetProperty("object").GetString());
        JsonElement choice = Assert.Single(answer.GetProperty("choices").EnumerateArray());
        Assert.Equal(["index", "text", "logprobs", "finish_reason"], choice.EnumerateObject().Select(p => p.Name));
        Assert.Equal(item.GetProperty("output_text").GetString(), choice.GetProperty("text").GetString());
    }

    [Fact]
    public async Task Sixteen_tokens_are_the_default()
    {
        JsonElement answer = await _server.OkAsync(Bodies.CompletionPath, """{"prompt":"你好","ignore_eos":true}""");
        Assert.Equal(16, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal("length", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Theory]
    [InlineData("""["你好","Paris"]""")]
    [InlineData("""[[474,450],[4338,100,101]]""")]
    [InlineData("""["你好",[4338,100]]""")]
    public async Task Several_prompts_are_answered_in_their_order(string prompts)
    {
        JsonElement together = await _server.OkAsync(Bodies.CompletionPath, $$"""{"prompt":{{prompts}},"n":2,"max_tokens":4}""");
        JsonElement[] choices = [.. together.GetProperty("choices").EnumerateArray()];
        Assert.Equal([0, 1, 2, 3], choices.Select(c => c.GetProperty("index").GetInt32()));
        int i = 0;
        int promptTokens = 0;
        foreach (JsonElement prompt in JsonDocument.Parse(prompts).RootElement.EnumerateArray())
        {
            JsonElement alone = await _server.OkAsync(Bodies.CompletionPath, $$"""{"prompt":{{prompt.GetRawText()}},"max_tokens":4}""");
            promptTokens += alone.GetProperty("usage").GetProperty("prompt_tokens").GetInt32();
            string? text = alone.GetProperty("choices")[0].GetProperty("text").GetString();
            Assert.Equal(text, choices[i++].GetProperty("text").GetString());
            Assert.Equal(text, choices[i++].GetProperty("text").GetString());
        }

        Assert.Equal(promptTokens, together.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Echo_puts_the_prompt_before_the_answer()
    {
        JsonElement plain = await _server.OkAsync(Bodies.CompletionPath, """{"prompt":"你好","max_tokens":4}""");
        JsonElement echoed = await _server.OkAsync(Bodies.CompletionPath, """{"prompt":"你好","max_tokens":4,"echo":true}""");
        Assert.Equal(
            "你好" + plain.GetProperty("choices")[0].GetProperty("text").GetString(), echoed.GetProperty("choices")[0].GetProperty("text").GetString());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Logprobs_are_parallel_lists(int top)
    {
        JsonElement answer = await _server.OkAsync(Bodies.CompletionPath, $$"""{"prompt":"你好","max_tokens":5,"ignore_eos":true,"logprobs":{{top}}}""");
        JsonElement logprobs = answer.GetProperty("choices")[0].GetProperty("logprobs");
        string[] tokens = [.. logprobs.GetProperty("tokens").EnumerateArray().Select(t => t.GetString()!)];
        Assert.Equal(5, tokens.Length);
        Assert.Equal(5, logprobs.GetProperty("token_logprobs").GetArrayLength());
        Assert.All(logprobs.GetProperty("top_logprobs").EnumerateArray(), t => Assert.Equal(top, t.EnumerateObject().Count()));
        int offset = 0;
        foreach ((JsonElement given, string token) in logprobs.GetProperty("text_offset").EnumerateArray().Zip(tokens))
        {
            Assert.Equal(offset, given.GetInt32());
            offset += token.Length;
        }
    }

    [Theory]
    [InlineData("What is 3+5?")]
    [InlineData("法国的首都是哪里？ <|eos|> 👍")]
    public async Task Detokenizing_returns_the_text(string text)
    {
        string quoted = System.Text.Json.Nodes.JsonValue.Create(text).ToJsonString();
        JsonElement tokens = await _server.OkAsync("/tokenize", $$"""{"model":"demo-model","prompt":{{quoted}},"return_token_strs":true}""");
        Assert.Equal(["count", "max_model_len", "tokens", "token_strs"], tokens.EnumerateObject().Select(p => p.Name));
        Assert.Equal(tokens.GetProperty("count").GetInt32(), tokens.GetProperty("tokens").GetArrayLength());
        Assert.Equal(tokens.GetProperty("count").GetInt32(), tokens.GetProperty("token_strs").GetArrayLength());
        Assert.Equal(4096, tokens.GetProperty("max_model_len").GetInt32());
        JsonElement back = await _server.OkAsync("/detokenize", $$"""{"tokens":{{tokens.GetProperty("tokens")}}}""");
        Assert.Equal($$"""{"prompt":{{JsonSerializer.Serialize(text, Relaxed)}}}""", back.GetRawText());
    }

    [Fact]
    public async Task A_chat_is_tokenized_through_the_template()
    {
        JsonElement item = Bodies.Recorded[2];
        JsonElement tokens = await _server.OkAsync("/tokenize", $$"""{"messages":{{item.GetProperty("messages")}}}""");
        Assert.Equal(item.GetProperty("prompt_ids").EnumerateArray().Select(t => t.GetInt32()), tokens.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32()));
        Assert.Equal(JsonValueKind.Null, tokens.GetProperty("token_strs").ValueKind);
    }

    [Fact]
    public async Task The_begin_of_sequence_token_is_added_if_requested()
    {
        JsonElement tokens = await _server.OkAsync("/tokenize", """{"prompt":"你好","add_special_tokens":true}""");
        Assert.Equal(4338, tokens.GetProperty("tokens")[0].GetInt32());
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
