using System.Text.Json;
using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.Text.Answers;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Reasoning and tool calls of models of type hy_v3, whose marks have a suffix.</summary>
public sealed class HyV3Tests
{
    private const string Template =
        "{{ messages[-1].content }}{{ reasoning_effort | default('no_think') }}{{ '<｜hy_Assistant:x｜><think:x>' }}{% if false %}<tool_sep:x><arg_key:x>{% endif %}";

    private const string Tools = """
        [{"type":"function","function":{"name":"weather","parameters":{"type":"object","required":["city","days"],
        "properties":{"city":{"type":"string","enum":["Paris","Rome"]},"days":{"type":"integer","minimum":1,"maximum":9},"metric":{"type":"boolean"}}}}}]
        """;

    private const string Answer =
        "Paris it is.</think:x>Let me look.<tool_calls:x>\n<tool_call:x>weather<tool_sep:x>\n<arg_key:x>city</arg_key:x>\n<arg_value:x>Paris</arg_value:x>\n"
        + "<arg_key:x>days</arg_key:x>\n<arg_value:x>3</arg_value:x>\n</tool_call:x>\n</tool_calls:x>";

    [Fact]
    public async Task Reasoning_and_calls_have_fields_of_their_own()
    {
        ScriptedGenerator generator = new() { Text = Answer };
        await using TestServer server = await generator.ServeAsync(template: Template);
        JsonElement choice = (await server.OkAsync(Bodies.ChatPath, Chat(""))).GetProperty("choices")[0];
        Assert.Equal("tool_calls", choice.GetProperty("finish_reason").GetString());
        JsonElement message = choice.GetProperty("message");
        Assert.Equal(("Paris it is.", "Let me look."), (message.GetProperty("reasoning_content").GetString(), message.GetProperty("content").GetString()));
        Assert.Equal(
            """{"name":"weather","arguments":"{\"city\": \"Paris\", \"days\": 3}"}""",
            Assert.Single(message.GetProperty("tool_calls").EnumerateArray()).GetProperty("function").GetRawText());

        EventStream stream = await server.StreamAsync(Bodies.ChatPath, Chat(",\"stream\":true"));
        Assert.Equal(("tool_calls", "Let me look."), (stream.Finish(), stream.Content()));
        string arguments = string.Concat(stream.Choice(0).Select(static c => c.GetProperty("delta")).Where(static d => d.TryGetProperty("tool_calls", out _))
            .Select(static d => d.GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments").GetString()));
        Assert.Equal("{\"city\": \"Paris\", \"days\": 3}", arguments);
    }

    [Theory]
    [InlineData("", "no_think")]
    [InlineData(",\"reasoning_effort\":\"none\"", "no_think")]
    [InlineData(",\"reasoning_effort\":\"minimal\"", "low")]
    [InlineData(",\"reasoning_effort\":\"medium\"", "high")]
    [InlineData(",\"reasoning_effort\":\"xhigh\"", "high")]
    public async Task The_effort_is_one_that_the_template_knows(string more, string effort)
    {
        ScriptedGenerator generator = new() { Text = "yes" };
        await using TestServer server = await generator.ServeAsync(template: Template);
        await server.OkAsync(Bodies.ChatPath, Chat(more));
        Assert.Equal($"hi{effort}<｜hy_Assistant:x｜><think:x>", generator.Tokenizer.Decode(generator.Requests[0].PromptIds.Span));
    }

    [Fact]
    public async Task A_required_call_is_a_call_in_the_models_marks_with_arguments_that_the_schema_allows()
    {
        using TempFolder folder = TempFolder.CopyOf(TestPaths.DemoModel);
        folder.Write("chat_template.jinja", Template.Replace("<think:x>", "<think:x></think:x>", StringComparison.Ordinal));
        await using TestServer server = await TestServer.StartAsync(folder: folder.Root);
        HashSet<string> seen = [];
        for (int seed = 0; seed < 6; seed++)
        {
            JsonElement answer = await server.OkAsync(
                Bodies.ChatPath, Chat($",\"tool_choice\":\"required\",\"parallel_tool_calls\":false,\"temperature\":2,\"top_k\":-1,\"top_p\":1,\"max_tokens\":600,\"seed\":{seed}"));
            JsonElement choice = answer.GetProperty("choices")[0];
            Assert.Equal("tool_calls", choice.GetProperty("finish_reason").GetString());
            JsonElement call = Assert.Single(choice.GetProperty("message").GetProperty("tool_calls").EnumerateArray()).GetProperty("function");
            Assert.Equal("weather", call.GetProperty("name").GetString());
            JsonElement arguments = JsonElement.Parse(call.GetProperty("arguments").GetString()!);
            Assert.Contains(arguments.GetProperty("city").GetString(), new[] { "Paris", "Rome" });
            Assert.InRange(arguments.GetProperty("days").GetInt32(), 1, 9);
            Assert.True(!arguments.TryGetProperty("metric", out JsonElement metric) || metric.ValueKind is JsonValueKind.True or JsonValueKind.False);
            seen.Add(arguments.GetRawText());
        }

        Assert.True(seen.Count > 1);
    }

    [Fact]
    public async Task Arguments_of_a_required_call_may_refer_to_definitions()
    {
        const string tools = """
            [{"type":"function","function":{"name":"go","parameters":{"type":"object","required":["to"],"properties":{"to":{"$ref":"#/$defs/place"}},
            "$defs":{"place":{"type":"object","properties":{"x":{"type":"integer","minimum":0,"maximum":9}},"required":["x"],"additionalProperties":false}}}}}]
            """;
        using TempFolder folder = TempFolder.CopyOf(TestPaths.DemoModel);
        folder.Write("chat_template.jinja", Template.Replace("<think:x>", "<think:x></think:x>", StringComparison.Ordinal));
        await using TestServer server = await TestServer.StartAsync(folder: folder.Root);
        JsonElement answer = await server.OkAsync(
            Bodies.ChatPath, $"{{\"messages\":[{{\"role\":\"user\",\"content\":\"hi\"}}],\"tools\":{tools},\"tool_choice\":\"required\",\"parallel_tool_calls\":false,\"max_tokens\":300}}");
        JsonElement call = answer.GetProperty("choices")[0].GetProperty("message").GetProperty("tool_calls")[0].GetProperty("function");
        Assert.InRange(JsonElement.Parse(call.GetProperty("arguments").GetString()!).GetProperty("to").GetProperty("x").GetInt32(), 0, 9);
    }

    [Fact]
    public async Task Adapters_have_the_tool_calls_of_their_model()
    {
        using TempFolder folder = TempFolder.CopyOf(TestPaths.DemoModel);
        folder.Write("chat_template.jinja", Template);
        await using TestServer server = await TestServer.StartAsync(folder: folder.Root);
        Assert.NotEqual(ToolCallFormat.JsonList, server.Model.ToolCalls);
        Assert.Equal(server.Model.ToolCalls, server.Model.With(new AdapterInfo("one", folder.Root, 1, 1)).ToolCalls);
    }

    private static string Chat(string more) => $"{{\"messages\":[{{\"role\":\"user\",\"content\":\"hi\"}}],\"tools\":{Tools}{more}}}";
}
