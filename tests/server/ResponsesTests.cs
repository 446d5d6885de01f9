using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>POST /v1/responses: what a response holds, and the events of its stream.</summary>
public sealed class ResponsesTests
{
    private const string Thought = "<think>\nTwo and two.\n</think>\n<answer>\nFour.\n</answer>", Template = "{{ messages[-1].content }}{{ '<think>' if false else '' }}",
        Weather = """[{"type":"function","name":"weather","description":"d","parameters":{"type":"object","properties":{"city":{"type":"string"}}},"strict":true}]""",
        Call = """<tool_calls>[{"name": "weather", "arguments": {"city": "Paris"}}]</tool_calls>""";

    [Fact]
    public async Task A_response_has_the_answer_of_a_chat()
    {
        await using TestServer server = await TestServer.StartAsync();
        JsonElement response = await server.OkAsync(
            Bodies.ResponsesPath, """{"model":"demo-model","input":"What is the capital of France?","metadata":{"a":"b"},"user":"u","temperature":0}""");
        Assert.StartsWith("resp_", response.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal(("response", "completed", "demo-model"), (Text(response, "object"), Text(response, "status"), Text(response, "model")));
        JsonElement message = Assert.Single(response.GetProperty("output").EnumerateArray());
        Assert.Equal(("message", "assistant", "completed"), (Text(message, "type"), Text(message, "role"), Text(message, "status")));
        Assert.Equal(
            """[{"type":"output_text","annotations":[],"logprobs":[],"text":"The capital of France is Paris."}]""", message.GetProperty("content").GetRawText());
        Assert.Equal("""{"a":"b"}""", response.GetProperty("metadata").GetRawText());
        Assert.Equal("u", Text(response, "user"));
        Assert.Equal(0, response.GetProperty("temperature").GetDouble());
        Assert.All(
            new[] { "error", "incomplete_details", "instructions", "max_output_tokens", "previous_response_id" },
            name => Assert.Equal(JsonValueKind.Null, response.GetProperty(name).ValueKind));

        JsonElement chat = (await server.OkAsync(Bodies.ChatPath, Bodies.Chat("What is the capital of France?"))).GetProperty("usage");
        JsonElement usage = response.GetProperty("usage");
        Assert.Equal(chat.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("input_tokens").GetInt32());
        Assert.Equal(chat.GetProperty("completion_tokens").GetInt32(), usage.GetProperty("output_tokens").GetInt32());
        Assert.Equal(chat.GetProperty("total_tokens").GetInt32(), usage.GetProperty("total_tokens").GetInt32());
        Assert.Equal(0, usage.GetProperty("output_tokens_details").GetProperty("reasoning_tokens").GetInt32());
        Assert.True(usage.GetProperty("input_tokens_details").TryGetProperty("cached_tokens", out _));

        JsonElement cut = await server.OkAsync(Bodies.ResponsesPath, """{"input":"What is the capital of France?","max_output_tokens":2}""");
        Assert.Equal(("incomplete", "{\"reason\":\"max_output_tokens\"}"), (Text(cut, "status"), cut.GetProperty("incomplete_details").GetRawText()));
        Assert.Equal("incomplete", Text(cut.GetProperty("output")[0], "status"));
    }

    [Fact]
    public async Task A_stream_has_the_events_of_reasoning_and_text_in_order()
    {
        await using TestServer server = await new ScriptedGenerator { Text = Thought }.ServeAsync(template: Template);
        ResponseStream stream = await ResponseStream.ReadAsync(server, "{\"input\":\"x\",\"stream\":true,\"metadata\":{\"line\":\n\"a\"}}");
        Assert.Equal(
        [
            "response.created", "response.in_progress",
            "response.output_item.added", "response.content_part.added", "response.reasoning_text.delta", "response.reasoning_text.done", "response.content_part.done",
            "response.output_item.done",
            "response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.done", "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ], stream.Names);
        Assert.Equal(("Two and two.", "Four."), (stream.Deltas("response.reasoning_text.delta"), stream.Deltas("response.output_text.delta")));
        JsonElement[] items = [.. stream.Final.GetProperty("output").EnumerateArray()];
        Assert.Equal(["reasoning", "message"], items.Select(item => Text(item, "type")));
        Assert.Equal("""[{"type":"reasoning_text","text":"Two and two."}]""", items[0].GetProperty("content").GetRawText());
        Assert.Equal("[]", items[0].GetProperty("summary").GetRawText());
        Assert.Equal("Four.", Text(items[1].GetProperty("content")[0], "text"));
        Assert.Equal("in_progress", Text(stream.Events[0].GetProperty("response"), "status"));
        Assert.Equal(stream.Final.GetProperty("id").GetString(), Text(stream.Events[0].GetProperty("response"), "id"));
        JsonElement[] begun = [.. stream.Events.Where(e => Text(e, "type") == "response.output_item.added")];
        Assert.Equal(items.Select(item => Text(item, "id")), begun.Select(e => Text(e.GetProperty("item"), "id")));
        Assert.Equal([0, 1], begun.Select(e => e.GetProperty("output_index").GetInt32()));

        JsonElement whole = await server.OkAsync(Bodies.ResponsesPath, """{"input":"x"}""");
        Assert.Equal(["Two and two.", "Four."], whole.GetProperty("output").EnumerateArray().Select(item => Text(item.GetProperty("content")[0], "text")));
        whole = await server.OkAsync(Bodies.ResponsesPath, """{"input":"x","include_reasoning":false}""");
        Assert.Equal("message", Text(Assert.Single(whole.GetProperty("output").EnumerateArray()), "type"));
    }

    [Fact]
    public async Task A_stream_that_is_cut_ends_with_response_incomplete()
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync();
        Task<ResponseStream> reading = ResponseStream.ReadAsync(server, """{"input":"x","stream":true}""");
        await generator.WaitForSubmissionsAsync(1);
        generator.Emit("ab", FinishReason.Length);
        ResponseStream stream = await reading;
        Assert.Equal("response.incomplete", stream.Names.Last());
        Assert.Equal("incomplete", Text(stream.Final, "status"));
        Assert.Equal("incomplete", Text(stream.Final.GetProperty("output")[0], "status"));
    }

    [Fact]
    public async Task A_stream_whose_engine_fails_ends_with_response_failed()
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync();
        Task<ResponseStream> reading = ResponseStream.ReadAsync(server, """{"input":"x","stream":true}""");
        await generator.WaitForSubmissionsAsync(1);
        generator.Emit("ab");
        generator.Emit("", FinishReason.Error, "The engine broke.");
        ResponseStream stream = await reading;
        Assert.Equal("response.failed", stream.Names.Last());
        Assert.Equal("""{"code":"engine_error","message":"The engine broke."}""", stream.Final.GetProperty("error").GetRawText());
        using HttpResponseMessage kept = await server.Client.GetAsync($"{Bodies.ResponsesPath}/{Text(stream.Final, "id")}");
        Assert.Equal(404, (int)kept.StatusCode);
    }

    [Fact]
    public async Task Functions_are_called()
    {
        ScriptedGenerator generator = new() { Text = Call };
        await using TestServer server = await generator.ServeAsync();
        JsonElement call = Assert.Single((await server.OkAsync(Bodies.ResponsesPath, $$"""{"input":"w?","tools":{{Weather}}}""")).GetProperty("output").EnumerateArray());
        Assert.Equal(("function_call", "completed", "weather"), (Text(call, "type"), Text(call, "status"), Text(call, "name")));
        Assert.Equal("""{"city": "Paris"}""", Text(call, "arguments"));
        Assert.Matches("^call_[0-9a-f]{24}$", Text(call, "call_id"));

        ResponseStream stream = await ResponseStream.ReadAsync(server, $$"""{"input":"w?","stream":true,"tools":{{Weather}}}""");
        Assert.Equal(
        [
            "response.created", "response.in_progress", "response.output_item.added", "response.function_call_arguments.delta", "response.function_call_arguments.done",
            "response.output_item.done", "response.completed",
        ], stream.Names);
        Assert.Equal("""{"city": "Paris"}""", stream.Deltas("response.function_call_arguments.delta"));
        Assert.Equal("", Text(stream.Events[2].GetProperty("item"), "arguments"));
        Assert.Equal("""{"city": "Paris"}""", Text(stream.Final.GetProperty("output")[0], "arguments"));

        // The prompt is that of the same chat.
        await server.OkAsync(
            Bodies.ChatPath,
            """{"messages":[{"role":"user","content":"w?"}],"tools":[{"type":"function","function":{"name":"weather","description":"d","parameters":{"type":"object","properties":{"city":{"type":"string"}}},"strict":true}}]}""");
        Assert.Equal(generator.Requests[^1].PromptIds.ToArray(), generator.Requests[0].PromptIds.ToArray());
    }

    [Fact]
    public async Task A_call_that_breaks_off_is_incomplete()
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync();
        Task<JsonElement> response = server.OkAsync(Bodies.ResponsesPath, $$"""{"input":"w?","tools":{{Weather}}}""");
        await generator.WaitForSubmissionsAsync(1);
        generator.Emit("<tool_calls>[{\"name\": \"weather\", \"arguments\": {\"ci", FinishReason.Length);
        JsonElement call = Assert.Single((await response).GetProperty("output").EnumerateArray());
        Assert.Equal(("function_call", "incomplete"), (Text(call, "type"), Text(call, "status")));
    }

    [Theory]
    [InlineData("\"required\"", "weather|other")]
    [InlineData("""{"type":"function","name":"other"}""", "other")]
    public async Task A_function_must_be_called(string choice, string names)
    {
        const string person = """{"type":"object","properties":{"age":{"type":"integer","minimum":0,"maximum":130}},"required":["age"],"additionalProperties":false}""";
        await using TestServer server = await TestServer.StartAsync();
        JsonElement response = await server.OkAsync(
            Bodies.ResponsesPath,
            $$"""{"input":"hi","max_output_tokens":200,"parallel_tool_calls":false,"tool_choice":{{choice}},"tools":[{"type":"function","name":"weather","parameters":{{person}}},{"type":"function","name":"other","parameters":{{person}}}]}""");
        JsonElement call = Assert.Single(response.GetProperty("output").EnumerateArray());
        Assert.Contains(Text(call, "name"), names.Split('|'));
        using JsonDocument arguments = JsonDocument.Parse(Text(call, "arguments"));
        Assert.True(new JsonSchemaValidator(person).IsValid(arguments.RootElement), Text(call, "arguments"));
    }

    [Fact]
    public async Task Text_has_the_format_that_is_asked_for()
    {
        const string schema = """{"type":"object","properties":{"a":{"type":"integer","maximum":99,"minimum":0}},"required":["a"],"additionalProperties":false}""";
        await using TestServer server = await TestServer.StartAsync();
        JsonElement response = await server.OkAsync(
            Bodies.ResponsesPath, $$$$"""{"input":"hi","max_output_tokens":100,"text":{"format":{"type":"json_schema","name":"n","strict":true,"schema":{{{{schema}}}}}}}""");
        string text = Text(response.GetProperty("output")[0].GetProperty("content")[0], "text");
        using JsonDocument value = JsonDocument.Parse(text);
        Assert.True(new JsonSchemaValidator(schema).IsValid(value.RootElement), text);
        Assert.Equal("json_schema", Text(response.GetProperty("text").GetProperty("format"), "type"));

        response = await server.OkAsync(Bodies.ResponsesPath, """{"input":"hi","max_output_tokens":50,"text":{"format":{"type":"json_object"}}}""");
        Assert.StartsWith("{", Text(response.GetProperty("output")[0].GetProperty("content")[0], "text").TrimStart(), StringComparison.Ordinal);
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
