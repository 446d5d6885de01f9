using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Answers in Anthropic's format: content blocks, stop reasons, events.</summary>
public sealed class MessagesTests(DemoServer demo) : IClassFixture<DemoServer>
{
    private const string Path = "/v1/messages", Paris = "The capital of France is Paris.",
        Calls = """I look. <tool_calls>[{"name": "weather", "arguments": {"city": "Paris"}},{"name":"weather","arguments":{}}]</tool_calls>""",
        Tools = "\"tools\":[{\"name\":\"weather\",\"description\":\"d\",\"input_schema\":{\"type\":\"object\",\"properties\":{\"sunny\":{\"type\":\"boolean\"}},\"required\":[\"sunny\"],\"additionalProperties\":false}}]",
        Thought = "<think>\nTwo and two.\n</think>\n<answer>\nFour.\n</answer>",
        Template = "{{ messages[-1].content }}{% if enable_thinking is defined and not enable_thinking %}{{ '<think>\n\n</think>\n' }}{% endif %}";

    [Fact]
    public async Task The_demo_model_answers_as_in_a_chat()
    {
        JsonElement message = await demo.Server.OkAsync(Path, Ask("What is the capital of France?", "\"model\":\"demo-model\""));
        Assert.Equal(
            ["id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"], message.EnumerateObject().Select(property => property.Name));
        Assert.Matches("^msg_[0-9a-f]{32}$", message.GetProperty("id").GetString());
        Assert.Equal(("message", "assistant", "demo-model"), (Text(message, "type"), Text(message, "role"), Text(message, "model")));
        Assert.Equal($$"""[{"type":"text","text":"{{Paris}}"}]""", message.GetProperty("content").GetRawText());
        Assert.Equal(("end_turn", null), (Text(message, "stop_reason"), Text(message, "stop_sequence")));

        JsonElement chat = (await demo.Server.OkAsync(Bodies.ChatPath, Bodies.Chat("What is the capital of France?"))).GetProperty("usage");
        JsonElement usage = message.GetProperty("usage");
        Assert.Equal(
            (chat.GetProperty("prompt_tokens").GetInt32(), chat.GetProperty("completion_tokens").GetInt32()),
            (usage.GetProperty("input_tokens").GetInt32() + usage.GetProperty("cache_read_input_tokens").GetInt32(), usage.GetProperty("output_tokens").GetInt32()));
        JsonElement count = await demo.Server.OkAsync(Path + "/count_tokens", """{"messages":[{"role":"user","content":"What is the capital of France?"}]}""");
        Assert.Equal($$"""{"input_tokens":{{chat.GetProperty("prompt_tokens").GetInt32()}}}""", count.GetRawText());
    }

    [Fact]
    public async Task The_demo_model_streams_the_same_message()
    {
        NamedEventStream stream = await NamedEventStream.PostAsync(demo.Server, Path, Ask("What is the capital of France?", "\"stream\":true"));
        Assert.Equal(["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"], stream.Types);
        Assert.Equal(Paris, stream.Block(0, "text").Text);
        JsonElement start = stream.Events[0].GetProperty("message"), end = stream.Events[^2];
        Assert.Equal(("[]", null), (start.GetProperty("content").GetRawText(), Text(start, "stop_reason")));
        Assert.True(start.GetProperty("usage").GetProperty("input_tokens").GetInt32() > 0);
        Assert.Equal("end_turn", Text(end.GetProperty("delta"), "stop_reason"));
        Assert.True(end.GetProperty("usage").GetProperty("output_tokens").GetInt32() > 1);
    }

    [Fact]
    public async Task A_call_that_must_be_fits_its_schema()
    {
        string body = Ask("Weather?", Tools + ",\"tool_choice\":{\"type\":\"any\",\"disable_parallel_tool_use\":true},\"max_tokens\":200");
        JsonElement message = await demo.Server.OkAsync(Path, body);
        Assert.Equal("tool_use", Text(message, "stop_reason"));
        JsonElement call = Assert.Single(message.GetProperty("content").EnumerateArray());
        Assert.Equal(("tool_use", "weather"), (Text(call, "type"), Text(call, "name")));
        Assert.True(call.GetProperty("input").GetProperty("sunny").ValueKind is JsonValueKind.True or JsonValueKind.False);
        JsonElement named = await demo.Server.OkAsync(
            Path, body.Replace("{\"type\":\"any\",", "{\"type\":\"tool\",\"name\":\"weather\",", StringComparison.Ordinal));
        Assert.Equal("tool_use", Text(named, "stop_reason"));
    }

    [Fact]
    public async Task An_answer_has_the_form_of_output_config()
    {
        const string format = """
            "output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"boolean"}},"required":["a"],"additionalProperties":false}}}
            """;
        JsonElement block = Assert.Single((await demo.Server.OkAsync(Path, Ask("Yes?", format))).GetProperty("content").EnumerateArray());
        Assert.True(JsonNode.Parse(Text(block, "text")!)!["a"]!.GetValueKind() is JsonValueKind.True or JsonValueKind.False);
    }

    [Fact]
    public async Task A_message_has_text_and_calls()
    {
        await using TestServer server = await new ScriptedGenerator { Text = Calls }.ServeAsync();
        JsonElement message = await server.OkAsync(Path, Ask("w?", Tools));
        Assert.Equal("tool_use", Text(message, "stop_reason"));
        JsonElement[] blocks = [.. message.GetProperty("content").EnumerateArray()];
        Assert.Equal(["text", "tool_use", "tool_use"], blocks.Select(block => Text(block, "type")));
        Assert.Equal("I look.", Text(blocks[0], "text")!.Trim());
        Assert.Equal(("weather", """{"city":"Paris"}"""), (Text(blocks[1], "name"), blocks[1].GetProperty("input").GetRawText()));
        Assert.NotEqual(Text(blocks[1], "id"), Text(blocks[2], "id"));

        NamedEventStream stream = await NamedEventStream.PostAsync(server, Path, Ask("w?", Tools + ",\"stream\":true"));
        Assert.Equal("I look.", stream.Block(0, "text").Text.Trim());
        (JsonElement start, string input) = stream.Block(1, "partial_json");
        Assert.Equal(("tool_use", "weather", "{}"), (Text(start, "type"), Text(start, "name"), start.GetProperty("input").GetRawText()));
        Assert.Equal("""{"city": "Paris"}""", input);
        Assert.Equal("{}", stream.Block(2, "partial_json").Text);
        Assert.Equal(3, stream.All("content_block_stop").Length);
        Assert.Equal("tool_use", Text(stream.Events[^2].GetProperty("delta"), "stop_reason"));
    }

    [Fact]
    public async Task Further_calls_are_dropped_if_only_one_is_allowed()
    {
        await using TestServer server = await new ScriptedGenerator { Text = Calls }.ServeAsync();
        JsonElement message = await server.OkAsync(Path, Ask("w?", Tools + ",\"tool_choice\":{\"type\":\"auto\",\"disable_parallel_tool_use\":true}"));
        Assert.Equal(["text", "tool_use"], message.GetProperty("content").EnumerateArray().Select(block => Text(block, "type")));
    }

    [Theory]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":20}", "hi", 20, true)]
    [InlineData("\"thinking\":{\"type\":\"adaptive\"}", "hi", null, true)]
    [InlineData("\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":\"max\"}", "hi", null, true)]
    [InlineData("\"thinking\":{\"type\":\"adaptive\",\"display\":\"omitted\"}", "hi", null, false)]
    [InlineData("\"thinking\":{\"type\":\"disabled\"}", "hi<think>\n\n</think>\n", null, false)]
    [InlineData("", "hi<think>\n\n</think>\n", null, false)]
    public async Task Thinking_is_a_block_of_its_own_where_it_was_asked_for(string more, string prompt, int? budget, bool shown)
    {
        ScriptedGenerator generator = new() { Text = prompt == "hi" ? Thought : "Four." };
        await using TestServer server = await generator.ServeAsync(template: Template);
        JsonElement message = await server.OkAsync(Path, Ask("hi", more));
        string answer = """{"type":"text","text":"Four."}""";
        Assert.Equal(
            shown ? $$"""[{"type":"thinking","thinking":"Two and two.","signature":""},{{answer}}]""" : $"[{answer}]", message.GetProperty("content").GetRawText());
        Assert.Equal(prompt, generator.Tokenizer.Decode(generator.Requests[0].PromptIds.Span));
        Assert.Equal(budget, generator.Requests[0].Reasoning?.MaxTokens);

        NamedEventStream stream = await NamedEventStream.PostAsync(server, Path, Ask("hi", more + (more == "" ? "" : ",") + "\"stream\":true"));
        Assert.Equal("Four.", stream.Block(shown ? 1 : 0, "text").Text);
        JsonElement[] signatures = [.. stream.All("content_block_delta").Select(item => item.GetProperty("delta")).Where(delta => Text(delta, "type") == "signature_delta")];
        if (shown)
        {
            (JsonElement start, string text) = stream.Block(0, "thinking");
            Assert.Equal(("""{"type":"thinking","thinking":"","signature":""}""", "Two and two."), (start.GetRawText(), text));
            Assert.Equal("", Text(Assert.Single(signatures), "signature"));
        }
        else
        {
            Assert.Empty(signatures);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stop_sequence_is_told(bool stream)
    {
        await using TestServer server = await new ScriptedGenerator { Text = "one two three" }.ServeAsync();
        string body = Ask("count", $"\"stop_sequences\":[\" three\",\" two\"],\"stream\":{(stream ? "true" : "false")}");
        (string text, JsonElement end) = await ReadAsync(server, body, stream);
        Assert.Equal(("one", "stop_sequence", " two"), (text, Text(end, "stop_reason"), Text(end, "stop_sequence")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_that_is_cut_off_says_so(bool stream)
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync();
        Task<(string Text, JsonElement End)> answer = ReadAsync(server, Ask("count", $"\"stream\":{(stream ? "true" : "false")}"), stream);
        await generator.WaitForSubmissionsAsync(1);
        generator.Emit("one two", FinishReason.Length);
        Assert.Equal(("one two", "max_tokens"), ((await answer).Text, Text((await answer).End, "stop_reason")));
        Assert.Equal(50, generator.Requests[0].MaxTokens);
    }

    [Fact]
    public async Task A_failure_ends_a_stream_with_an_error_event()
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync();
        Task<NamedEventStream> reading = NamedEventStream.PostAsync(server, Path, Ask("hi", "\"stream\":true"));
        await generator.WaitForSubmissionsAsync(1);
        generator.Emit("one", FinishReason.Error, "The engine broke.");
        Assert.Equal(
            """{"type":"error","error":{"type":"api_error","message":"The engine broke."}}""", (await reading).Events[^1].GetRawText());
    }

    private static async Task<(string Text, JsonElement End)> ReadAsync(TestServer server, string body, bool stream)
    {
        if (!stream)
        {
            JsonElement message = await server.OkAsync(Path, body);
            return (Text(Assert.Single(message.GetProperty("content").EnumerateArray()), "text")!, message);
        }

        NamedEventStream events = await NamedEventStream.PostAsync(server, Path, body);
        return (events.Block(0, "text").Text, events.Events[^2].GetProperty("delta"));
    }

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();

    private static string Ask(string question, string more)
    {
        string limit = more.Contains("max_tokens", StringComparison.Ordinal) ? "" : ",\"max_tokens\":50";
        return $$"""{"messages":[{"role":"user","content":"{{question}}"}]{{limit}}{{(more == "" ? "" : "," + more)}}}""";
    }
}
