using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Tool calls in responses and in the template.</summary>
public sealed class ToolTests
{
    private const string Tools =
        """[{"type":"function","function":{"name":"weather","description":"d","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}]""";

    [Fact]
    public async Task A_whole_answer_calls_tools()
    {
        ScriptedGenerator generator = new() { Text = """<tool_calls>[{"name": "weather", "arguments": {"city": "Paris"}}]</tool_calls>""" };
        await using TestServer server = await generator.ServeAsync();
        JsonElement choice = (await server.OkAsync(Bodies.ChatPath, Chat(""))).GetProperty("choices")[0];
        Assert.Equal("tool_calls", choice.GetProperty("finish_reason").GetString());
        JsonElement message = choice.GetProperty("message");
        Assert.Equal(JsonValueKind.Null, message.GetProperty("content").ValueKind);
        JsonElement call = Assert.Single(message.GetProperty("tool_calls").EnumerateArray());
        Assert.Matches("^call_[0-9a-f]{24}$", call.GetProperty("id").GetString());
        Assert.Equal("function", call.GetProperty("type").GetString());
        Assert.Equal("""{"name":"weather","arguments":"{\"city\": \"Paris\"}"}""", call.GetProperty("function").GetRawText());
    }

    [Fact]
    public async Task A_stream_calls_tools()
    {
        ScriptedGenerator generator = new() { Text = """<tool_calls>[{"name": "weather", "arguments": {"city": "Paris"}},{"name":"b","arguments":{}}]</tool_calls>""" };
        await using TestServer server = await generator.ServeAsync();
        EventStream stream = await server.StreamAsync(Bodies.ChatPath, Chat(",\"stream\":true"));
        Assert.Equal("tool_calls", stream.Finish());
        Assert.Equal("", stream.Content());
        JsonElement[] deltas =
        [
            .. stream.Choice(0).Select(c => c.GetProperty("delta")).Where(d => d.TryGetProperty("tool_calls", out _))
                .Select(d => Assert.Single(d.GetProperty("tool_calls").EnumerateArray())),
        ];
        Assert.Equal(["weather", "b"], deltas.Where(d => d.TryGetProperty("id", out _)).Select(d => d.GetProperty("function").GetProperty("name").GetString()));
        string[] arguments = ["", ""];
        foreach (JsonElement delta in deltas)
        {
            arguments[delta.GetProperty("index").GetInt32()] += delta.GetProperty("function").GetProperty("arguments").GetString();
        }

        Assert.Equal(["""{"city": "Paris"}""", "{}"], arguments);
    }

    [Fact]
    public async Task Further_calls_are_dropped_if_only_one_is_allowed()
    {
        ScriptedGenerator generator = new() { Text = """<tool_calls>[{"name":"weather","arguments":{"a":1}},{"name":"b","arguments":{}}]</tool_calls>""" };
        await using TestServer server = await generator.ServeAsync();
        JsonElement message = (await server.OkAsync(Bodies.ChatPath, Chat(",\"parallel_tool_calls\":false"))).GetProperty("choices")[0].GetProperty("message");
        Assert.Equal("""{"name":"weather","arguments":"{\"a\":1}"}""", Assert.Single(message.GetProperty("tool_calls").EnumerateArray()).GetProperty("function").GetRawText());
        EventStream stream = await server.StreamAsync(Bodies.ChatPath, Chat(",\"parallel_tool_calls\":false,\"stream\":true"));
        Assert.DoesNotContain("\"b\"", stream.Raw, StringComparison.Ordinal);
        Assert.Equal("tool_calls", stream.Finish());
    }

    [Theory]
    [InlineData("/v1/messages", ",\"max_tokens\":99", "input")]
    [InlineData("/api/chat", ",\"stream\":false", "arguments")]
    [InlineData("/api/chat", ",\"stream\":true", "arguments")]
    public async Task Arguments_with_half_a_surrogate_pair_are_json_that_every_reader_takes(string path, string more, string field)
    {
        ScriptedGenerator generator = new() { Text = """<tool_calls>[{"name": "weather", "arguments": {"a":"\ud800","\udc00\ud83d\ude00":"\\ud800\ud800\ud83d\ude00x\ud83d"}}]</tool_calls>""" };
        await using TestServer server = await generator.ServeAsync();
        string tools = path == "/v1/messages" ? """[{"name":"weather","input_schema":{"type":"object"}}]""" : Tools;
        using HttpResponseMessage response = await server.Client.PostAsync(
            path, TestServer.Content($$"""{"messages":[{"role":"user","content":"w?"}],"tools":{{tools}}{{more}}}"""));
        string answer = await response.Content.ReadAsStringAsync();
        Assert.Equal(200, (int)response.StatusCode);
        Match written = Regex.Match(answer, $"\"{field}\":(\\{{[^}}]+\\}})");
        Assert.True(JsonNode.DeepEquals(
            new JsonObject { ["a"] = "\uFFFD", ["\uFFFD😀"] = @"\ud800" + "\uFFFD😀x\uFFFD" }, JsonNode.Parse(written.Groups[1].Value)), answer);
    }

    [Theory]
    [InlineData("[1]", "[1]")]
    [InlineData("7", "7")]
    [InlineData("\"true\"", "true")]
    [InlineData("\"{\"", "{")]
    public async Task Arguments_that_are_no_object_are_a_text_where_an_api_has_objects(string arguments, string expected)
    {
        await using TestServer server = await new ScriptedGenerator { Text = $$"""<tool_calls>[{"name": "weather", "arguments": {{arguments}}}]</tool_calls>""" }.ServeAsync();
        JsonElement message = await server.OkAsync(
            "/v1/messages", """{"max_tokens":99,"messages":[{"role":"user","content":"w?"}],"tools":[{"name":"weather","input_schema":{"type":"object"}}]}""");
        JsonElement answer = await server.OkAsync("/api/chat", $$"""{"stream":false,"messages":[{"role":"user","content":"w?"}],"tools":{{Tools}}}""");
        JsonElement input = Assert.Single(message.GetProperty("content").EnumerateArray()).GetProperty("input");
        JsonElement given = Assert.Single(answer.GetProperty("message").GetProperty("tool_calls").EnumerateArray()).GetProperty("function").GetProperty("arguments");
        Assert.Equal((JsonValueKind.String, JsonValueKind.String), (input.ValueKind, given.ValueKind));
        Assert.Equal((expected, expected), (input.GetString(), given.GetString()));
    }

    [Fact]
    public async Task Arguments_with_half_a_surrogate_pair_may_come_back()
    {
        ScriptedGenerator generator = new() { Text = """<tool_calls>[{"name": "weather", "arguments": {"\ud800":"\ud800"}}]</tool_calls>""" };
        await using TestServer server = await generator.ServeAsync(
            template: "{% for m in messages %}{% for c in m.tool_calls or [] %}{{ c.function.arguments | tojson }}{% endfor %}{% endfor %}.");
        JsonElement message = (await server.OkAsync(Bodies.ChatPath, Chat(""))).GetProperty("choices")[0].GetProperty("message");
        await server.OkAsync(Bodies.ChatPath, $$"""{"messages":[{"role":"user","content":"w?"},{{message}}],"tools":{{Tools}}}""");
        Assert.Equal("{\"\uFFFD\": \"\uFFFD\"}.", generator.Tokenizer.Decode(generator.Requests[1].PromptIds.Span));

        JsonElement response = await server.OkAsync(Bodies.ResponsesPath, """{"input":"w?","tools":[{"type":"function","name":"weather"}]}""");
        await server.OkAsync(Bodies.ResponsesPath, $$"""{"input":"and?","previous_response_id":{{response.GetProperty("id").GetRawText()}}}""");
        Assert.Equal("{\"\uFFFD\": \"\uFFFD\"}.", generator.Tokenizer.Decode(generator.Requests[3].PromptIds.Span));
    }

    [Fact]
    public async Task A_call_that_breaks_off_is_none_even_if_text_or_calls_follow()
    {
        const string broken = """<tool_calls>[{"name": "weather", "arguments": {"city": "Pa"}x</tool_calls>""",
            whole = """<tool_calls>[{"name": "b", "arguments": {}}]</tool_calls>""";
        await using TestServer server = await new ScriptedGenerator { Text = $"{broken} so {whole}" }.ServeAsync();
        JsonElement message = (await server.OkAsync(Bodies.ChatPath, Chat(""))).GetProperty("choices")[0].GetProperty("message");
        Assert.Equal(["b"], message.GetProperty("tool_calls").EnumerateArray().Select(call => call.GetProperty("function").GetProperty("name").GetString()));

        JsonElement response = await server.OkAsync(
            Bodies.ResponsesPath, """{"input":"w?","tools":[{"type":"function","name":"weather","parameters":{"type":"object"}}]}""");
        Assert.Equal(
            [("function_call", "incomplete"), ("message", "completed"), ("function_call", "completed")],
            response.GetProperty("output").EnumerateArray().Select(item => (item.GetProperty("type").GetString()!, item.GetProperty("status").GetString()!)));
    }

    [Theory]
    [InlineData(",\"tool_choice\":\"none\"", "")]
    [InlineData("", "weather")]
    public async Task The_template_receives_the_tools(string more, string shown)
    {
        ScriptedGenerator generator = new() { Text = "ab" };
        await using TestServer server = await generator.ServeAsync(
            template: "{% for t in tools or [] %}{{ t.function.name }}{% endfor %}|{{ messages[-1].content }}");
        await server.OkAsync(Bodies.ChatPath, Chat(more));
        Assert.Equal(shown + "|w?", generator.Tokenizer.Decode(generator.Requests[0].PromptIds.Span));
    }

    [Fact]
    public async Task Without_tools_the_tag_is_text()
    {
        const string text = "<tool_calls>[]</tool_calls>";
        await using TestServer server = await new ScriptedGenerator { Text = text }.ServeAsync();
        JsonElement choice = (await server.OkAsync(Bodies.ChatPath, """{"messages":[{"role":"user","content":"w?"}]}""")).GetProperty("choices")[0];
        Assert.Equal((text, "stop"), (choice.GetProperty("message").GetProperty("content").GetString(), choice.GetProperty("finish_reason").GetString()));
    }

    [Theory]
    [InlineData("\"required\"", FinishReason.Length, "length")]
    [InlineData("\"required\"", FinishReason.Stop, "stop")]
    [InlineData("\"auto\"", FinishReason.Stop, "stop")]
    public async Task A_call_that_breaks_off_is_none(string choice, FinishReason finish, string reason)
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync();
        string more = $",\"tool_choice\":{choice}";
        Task<JsonElement> whole = server.OkAsync(Bodies.ChatPath, Chat(more));
        Task<EventStream> streamed = server.StreamAsync(Bodies.ChatPath, Chat(more + ",\"stream\":true"));
        await generator.WaitForSubmissionsAsync(2);
        generator.Emit("""<tool_calls>[{"name": "weather", "arguments": {"a": 1""", finish);
        JsonElement answer = (await whole).GetProperty("choices")[0];
        Assert.Equal(reason, answer.GetProperty("finish_reason").GetString());
        Assert.Equal("", answer.GetProperty("message").GetProperty("content").GetString());
        Assert.False(answer.GetProperty("message").TryGetProperty("tool_calls", out _));
        EventStream stream = await streamed;
        Assert.Equal((reason, ""), (stream.Finish(), stream.Content()));
    }

    [Fact]
    public async Task A_list_that_breaks_off_before_a_call_is_content_only_where_no_call_was_mandatory()
    {
        const string text = "<tool_calls>[{\"name\": \"wea";
        ScriptedGenerator generator = new() { Text = text };
        await using TestServer server = await generator.ServeAsync();
        Assert.Equal(text, (await Content("\"auto\"")).GetString());
        Assert.Equal("", (await Content("\"required\"")).GetString());

        async Task<JsonElement> Content(string choice) =>
            (await server.OkAsync(Bodies.ChatPath, Chat($",\"tool_choice\":{choice}"))).GetProperty("choices")[0].GetProperty("message").GetProperty("content");
    }

    private static string Chat(string more) => $$"""{"messages":[{"role":"user","content":"w?"}],"tools":{{Tools}}{{more}}}""";
}
