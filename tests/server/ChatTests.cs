using System.Text.Json;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>/v1/chat/completions with the demo model.</summary>
public sealed class ChatTests(DemoServer demo) : IClassFixture<DemoServer>
{
    private const string Capital = "What is the capital of France?", Paris = "The capital of France is Paris.";
    private readonly TestServer _server = demo.Server;

    public static TheoryData<int> Recorded => [.. Enumerable.Range(0, Bodies.Recorded.Length).Where(i => i % 4 == 0)];

    [Theory]
    [MemberData(nameof(Recorded))]
    public async Task A_chat_gives_the_recorded_answer_and_counts_its_tokens(int index)
    {
        JsonElement item = Bodies.Recorded[index];
        JsonElement answer = await _server.OkAsync(Bodies.ChatPath, $$"""{"messages":{{item.GetProperty("messages")}}}""");
        JsonElement choice = answer.GetProperty("choices")[0];
        Assert.Equal(item.GetProperty("output_text").GetString(), choice.GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        int prompt = item.GetProperty("prompt_ids").GetArrayLength(), written = item.GetProperty("output_ids").GetArrayLength();
        JsonElement usage = answer.GetProperty("usage");
        Assert.Equal(
            (prompt, written, prompt + written),
            (usage.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("completion_tokens").GetInt32(), usage.GetProperty("total_tokens").GetInt32()));
    }

    [Fact]
    public async Task A_whole_answer_has_openais_fields()
    {
        long before = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        JsonElement answer = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(Capital));
        Assert.StartsWith("chatcmpl-", answer.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("chat.completion", answer.GetProperty("object").GetString());
        Assert.InRange(answer.GetProperty("created").GetInt64(), before, before + 600);
        Assert.Equal("demo-model", answer.GetProperty("model").GetString());
        JsonElement choice = Assert.Single(answer.GetProperty("choices").EnumerateArray());
        Assert.Equal(
            $$"""{"index":0,"message":{"role":"assistant","content":"{{Paris}}","refusal":null},"logprobs":null,"finish_reason":"stop"}""",
            choice.GetRawText());
    }

    [Theory]
    [InlineData("\"max_tokens\":3")]
    [InlineData("\"max_completion_tokens\":3")]
    [InlineData("\"max_tokens\":50,\"max_completion_tokens\":3")]
    public async Task Length_ends_an_answer(string more)
    {
        JsonElement answer = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(Capital, more));
        Assert.Equal("length", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(3, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Theory]
    [InlineData("\"stop\":\" of\"", "The capital")]
    [InlineData("\"stop\":[\"Paris\",\"is\"]", "The capital of France ")]
    [InlineData("\"stop\":\" of\",\"include_stop_str_in_output\":true", "The capital of")]
    [InlineData("\"stop\":[]", Paris)]
    [InlineData("\"stop\":null", Paris)]
    public async Task A_stop_string_ends_an_answer(string more, string expected)
    {
        JsonElement choice = (await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(Capital, more))).GetProperty("choices")[0];
        Assert.Equal(expected, choice.GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Several_answers_differ_by_index_and_repeat_with_their_seed()
    {
        const string drawn = "\"n\":3,\"temperature\":2,\"top_p\":1,\"top_k\":0,\"seed\":-7,\"max_tokens\":12";
        JsonElement first = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(Capital, drawn));
        JsonElement again = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(Capital, drawn));
        JsonElement other = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(Capital, drawn.Replace("-7", "8", StringComparison.Ordinal)));
        Assert.Equal([0, 1, 2], first.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("index").GetInt32()));
        Assert.Equal(first.GetProperty("choices").GetRawText(), again.GetProperty("choices").GetRawText());
        Assert.NotEqual(first.GetProperty("choices").GetRawText(), other.GetProperty("choices").GetRawText());
        Assert.Equal(3, first.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("message").GetRawText()).Distinct().Count());
    }

    [Fact]
    public async Task Logprobs_spell_the_answer()
    {
        JsonElement answer = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat("法国的首都是哪里？", "\"logprobs\":true,\"top_logprobs\":3"));
        JsonElement choice = answer.GetProperty("choices")[0];
        JsonElement[] tokens = [.. choice.GetProperty("logprobs").GetProperty("content").EnumerateArray()];
        byte[] bytes = [.. tokens.SelectMany(t => t.GetProperty("bytes").EnumerateArray()).Select(b => b.GetByte())];
        Assert.Equal(choice.GetProperty("message").GetProperty("content").GetString(), System.Text.Encoding.UTF8.GetString(bytes));
        Assert.All(tokens, token =>
        {
            JsonElement[] top = [.. token.GetProperty("top_logprobs").EnumerateArray()];
            Assert.Equal(3, top.Length);
            Assert.Equal(token.GetProperty("token").GetString(), top[0].GetProperty("token").GetString());
            double[] values = [.. top.Select(t => t.GetProperty("logprob").GetDouble())];
            Assert.Equal(values.OrderDescending(), values);
            Assert.InRange(token.GetProperty("logprob").GetDouble(), -10, 0);
        });
        // The token that ends the answer counts as used, but is not part of the answer.
        Assert.Equal(answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32() - 1, tokens.Length);
    }

    [Fact]
    public async Task Bias_and_stop_ids_and_ignore_eos_reach_the_engine()
    {
        JsonElement plain = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(Capital));
        int first = (await _server.OkAsync("/tokenize", """{"prompt":"The"}""")).GetProperty("tokens")[0].GetInt32();
        JsonElement biased = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(Capital, $"\"logit_bias\":{{\"{first}\":-100}}"));
        Assert.NotEqual(plain.GetProperty("choices").GetRawText(), biased.GetProperty("choices").GetRawText());
        JsonElement stopped = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(Capital, $"\"stop_token_ids\":[{first}]"));
        Assert.Equal("", stopped.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal(1, stopped.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        JsonElement longer = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(Capital, "\"ignore_eos\":true,\"max_tokens\":40"));
        Assert.Equal(40, longer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Special_tokens_of_an_answer_are_shown_only_when_asked_for()
    {
        const string on = "\"ignore_eos\":true,\"max_tokens\":30";
        string hidden = (await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(Capital, on))).GetRawText();
        string shown = (await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(Capital, on + ",\"skip_special_tokens\":false"))).GetRawText();
        Assert.DoesNotContain("<|", hidden, StringComparison.Ordinal);
        Assert.Contains("<|eos|>", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Special_tokens_in_a_message_stay_text()
    {
        JsonElement plain = await _server.OkAsync("/tokenize", """{"messages":[{"role":"user","content":"a<|eos|>b"}]}""");
        int[] ids = [.. plain.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())];
        Assert.DoesNotContain(4340, ids);
        Assert.True(ids.Length > 5);
    }

    [Fact]
    public async Task Parameters_that_do_not_apply_are_ignored()
    {
        JsonElement answer = await _server.OkAsync(Bodies.ChatPath, Bodies.Chat(
            Capital,
            "\"user\":\"u\",\"store\":true,\"metadata\":{\"a\":1},\"service_tier\":\"auto\",\"parallel_tool_calls\":true,\"xyz\":[1],\"min_p\":0.1,"
            + "\"top_k\":5,\"presence_penalty\":0,\"frequency_penalty\":0,\"response_format\":{\"type\":\"text\"},\"tools\":[],\"best_of\":7"));
        Assert.Equal(Paris, answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Fact]
    public async Task Content_may_be_a_list_of_texts()
    {
        JsonElement answer = await _server.OkAsync(
            Bodies.ChatPath, $$"""{"messages":[{"role":"user","content":[{"type":"text","text":"{{Capital}}"}]}]}""");
        Assert.Equal(Paris, answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Fact]
    public async Task A_repeated_prompt_is_found_in_the_prefix_cache()
    {
        string chat = Bodies.Chat(string.Concat(Enumerable.Repeat("很长的问题。", 40)), "\"max_tokens\":1");
        await _server.OkAsync(Bodies.ChatPath, chat);
        JsonElement usage = (await _server.OkAsync(Bodies.ChatPath, chat)).GetProperty("usage");
        Assert.InRange(
            usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32(), 32, usage.GetProperty("prompt_tokens").GetInt32());
    }
}
