using System.Text.Json;
using HunyuanOrleans.Text.Templates;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Text.Tests.Templates;

public sealed class ChatTemplateTests
{
    private const string ToolTemplate =
        """
        {%- for m in messages %}
            {%- if m.role == 'tool' %}
                {{- '<response id=' + m.tool_call_id + '>' + m.content + '</response>' }}
            {%- elif m.tool_calls is defined %}
                {%- for call in m.tool_calls %}
                    {{- m.content + '<call>' + call.function.name + ' ' + (call.function.arguments if call.function.arguments is string else call.function.arguments | tojson) + '</call>' }}
                {%- endfor %}
            {%- else %}
                {{- m.role + (' (' + m.name + ')' if m.name is defined else '') + ': ' + m.content + '\n' }}
            {%- endif %}
        {%- endfor %}
        {%- if tools %}{{ tools[0].function.name }}{% endif %}
        {%- if add_generation_prompt %}{{ 'assistant:' }}{% endif %}
        {%- if enable_thinking is defined and enable_thinking is false %}{{ '<think>\n\n</think>\n' }}{% endif %}
        """;

    [Fact]
    public void Tool_calls_reach_the_template_as_objects()
    {
        JsonElement messages = Rendering.Json(
            """
            [
              {"role": "user", "name": "Bo", "content": "Weather?"},
              {"role": "assistant", "content": null, "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "get", "arguments": "{\"city\":\"巴黎\",\"n\":1.50}"}},
                {"id": "2", "type": "function", "function": {"name": "put", "arguments": {"a": [1, null]}}},
                {"id": "3", "type": "function", "function": {"name": "bad", "arguments": "not json"}}]},
              {"role": "tool", "tool_call_id": "1", "content": [{"type": "text", "text": "21"}, {"type": "text", "text": "C"}]}
            ]
            """);
        string text = ChatTemplate.Parse(ToolTemplate).Render(new ChatTemplateInput
        {
            Messages = ChatMessage.ListFromJson(messages),
            Tools = [Rendering.Json("""{"type": "function", "function": {"name": "get"}}""")],
            Variables = new Dictionary<string, JsonElement> { ["enable_thinking"] = Rendering.Json("false") },
        });
        Assert.Equal(
            "user (Bo): Weather?\n<call>get {\"city\": \"巴黎\", \"n\": 1.5}</call><call>put {\"a\": [1, null]}</call><call>bad not json</call>"
            + "<response id=1>21\nC</response>getassistant:<think>\n\n</think>\n",
            text);
    }

    [Fact]
    public void Missing_tools_are_none_and_the_generation_prompt_can_be_off()
    {
        ChatTemplate template = ChatTemplate.Parse("{{ tools is none }}{{ documents is none }}{{ add_generation_prompt }}{{ messages | length }}");
        Assert.Equal("TrueTrueTrue1", template.Render(new ChatTemplateInput { Messages = [ChatMessage.User("")], Tools = [] }));
        Assert.Equal("TrueTrueFalse1", template.Render(new ChatTemplateInput { Messages = [ChatMessage.User("")], AddGenerationPrompt = false }));
    }

    [Fact]
    public void Extra_fields_and_reasoning_reach_the_template_but_cannot_replace_the_message()
    {
        ChatMessage message = new("assistant", "c")
        {
            ReasoningContent = "r",
            Extra = new Dictionary<string, JsonElement> { ["mood"] = Rendering.Json("\"good\""), ["content"] = Rendering.Json("\"other\"") },
        };
        ChatTemplate template = ChatTemplate.Parse("{% set m = messages[0] %}{{ m.content }}{{ m.reasoning_content }}{{ m.mood }}{{ m.name is defined }}");
        Assert.Equal("crgoodFalse", template.Render(new ChatTemplateInput { Messages = [message] }));
    }

    [Fact]
    public void An_empty_chat_is_rejected()
    {
        TextException error = Assert.Throws<TextException>(() => ChatTemplate.Parse("x").Render(new ChatTemplateInput { Messages = [] }));
        Assert.Contains("at least one message", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_role_is_rejected_with_its_location()
    {
        ChatTemplateInput input = new() { Messages = [ChatMessage.User("a"), new ChatMessage("robot", "b")] };
        TextException error = Assert.Throws<TextException>(() => ChatTemplate.Parse("x").Render(input));
        Assert.Equal("messages[1].role is 'robot'; allowed are system, user, assistant, tool.", error.Message);
    }

    [Theory]
    [InlineData("messages")]
    [InlineData("tools")]
    [InlineData("add_generation_prompt")]
    public void Reserved_variables_are_rejected(string name)
    {
        ChatTemplateInput input = new()
        {
            Messages = [ChatMessage.User("a")],
            Variables = new Dictionary<string, JsonElement> { [name] = Rendering.Json("1") },
        };
        Assert.Contains(name, Assert.Throws<TextException>(() => ChatTemplate.Parse("x").Render(input)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "messages must be an array of messages, not an object")]
    [InlineData("[1]", "messages[0] must be an object")]
    [InlineData("[{\"content\": \"x\"}]", "messages[0].role is missing")]
    [InlineData("[{\"role\": 1}]", "messages[0].role must be a string, not a number")]
    [InlineData("[{\"role\": \"user\", \"content\": {}}]", "messages[0].content must be a string, not an object")]
    [InlineData("[{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]", "messages[0].content[0] must be a part")]
    [InlineData("[{\"role\": \"user\", \"content\": \"\\ud800\"}]", "half of a surrogate pair")]
    public void Malformed_messages_name_the_place(string json, string part)
    {
        TextException error = Assert.Throws<TextException>(() => ChatMessage.ListFromJson(Rendering.Json(json)));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Developer_reads_as_system()
    {
        Assert.Equal(ChatMessage.System("x"), ChatMessage.ListFromJson(Rendering.Json("""[{"role": "developer", "content": "x"}]"""))[0]);
    }

    [Fact]
    public void A_lone_surrogate_in_tools_is_rejected_without_a_template_line()
    {
        ChatTemplateInput input = new() { Messages = [ChatMessage.User("a")], Tools = [Rendering.Json("{\"a\": \"\\udc00\"}")] };
        TextException error = Assert.Throws<TextException>(() => ChatTemplate.Parse("x").Render(input));
        Assert.Contains("surrogate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Strftime_now_uses_the_clock_of_the_options()
    {
        TemplateOptions options = new() { TimeProvider = new FakeTimeProvider(new DateTimeOffset(2024, 2, 9, 7, 5, 3, TimeSpan.Zero)) };
        Assert.Equal(
            "2024-02-09 07:05:03 Friday Fri February Feb 07 AM 9 040 100% %Q %",
            Rendering.Text("{{ strftime_now('%Y-%m-%d %H:%M:%S %A %a %B %b %I %p %-d %j 100%% %Q %') }}", null, options));
    }
}
