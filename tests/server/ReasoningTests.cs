using System.Text.Json;
using System.Text.Json.Nodes;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Reasoning in responses, in the template, and before constrained answers.</summary>
public sealed class ReasoningTests
{
    private const string Thought = "<think>\nTwo and two.\n</think>\n<answer>\nFour.\n</answer>",
        Template = "{{ messages[-1].content }}{% if enable_thinking is defined and not enable_thinking %}{{ '<think>\n\n</think>\n' }}{% endif %}",
        OpenTemplate = "{{ messages[-1].content }}{{ '<think>\n' }}",
        Schema = """ "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"a":{"type":"integer","maximum":99}},"required":["a"],"additionalProperties":false}}} """;

    [Fact]
    public async Task Reasoning_has_fields_of_its_own()
    {
        ScriptedGenerator generator = new() { Text = Thought };
        await using TestServer server = await generator.ServeAsync(template: Template);
        JsonElement choice = (await server.OkAsync(Bodies.ChatPath, Chat(""))).GetProperty("choices")[0];
        JsonElement message = choice.GetProperty("message");
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(
            ("Four.", "Two and two.", "Two and two."),
            (message.GetProperty("content").GetString(), message.GetProperty("reasoning_content").GetString(), message.GetProperty("reasoning").GetString()));

        EventStream stream = await server.StreamAsync(Bodies.ChatPath, Chat("\"stream\":true"));
        Assert.Equal("Four.", stream.Content());
        JsonElement[] deltas = [.. stream.Choice(0).Select(part => part.GetProperty("delta"))];
        Assert.Equal("Two and two.", Join(deltas, "reasoning_content"));
        Assert.Equal("Two and two.", Join(deltas, "reasoning"));

        message = (await server.OkAsync(Bodies.ChatPath, Chat("\"include_reasoning\":false"))).GetProperty("choices")[0].GetProperty("message");
        Assert.Equal("Four.", message.GetProperty("content").GetString());
        Assert.False(message.TryGetProperty("reasoning", out _));
        stream = await server.StreamAsync(Bodies.ChatPath, Chat("\"stream\":true,\"include_reasoning\":false"));
        Assert.Equal("Four.", stream.Content());
        Assert.DoesNotContain("reasoning", stream.Raw, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reasoning_that_does_not_end_leaves_no_content()
    {
        ScriptedGenerator generator = new();
        await using TestServer server = await generator.ServeAsync(template: Template);
        Task<JsonElement> response = server.OkAsync(Bodies.ChatPath, Chat(""));
        await generator.WaitForSubmissionsAsync(1);
        generator.Emit("<think>\nTwo and", FinishReason.Length);
        JsonElement choice = (await response).GetProperty("choices")[0];
        Assert.Equal("length", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(JsonValueKind.Null, choice.GetProperty("message").GetProperty("content").ValueKind);
        Assert.Equal("Two and", choice.GetProperty("message").GetProperty("reasoning_content").GetString());
    }

    [Theory]
    [InlineData("auto", Template, true)]
    [InlineData("auto", "{{ messages[-1].content }}", false)]
    [InlineData("none", Template, false)]
    [InlineData("hunyuan", "{{ messages[-1].content }}", true)]
    public async Task The_parser_is_chosen_by_the_template_or_the_setting(string parser, string template, bool parses)
    {
        await using TestServer server = await new ScriptedGenerator { Text = Thought }.ServeAsync(options => options.ReasoningParser = parser, template: template);
        JsonElement message = (await server.OkAsync(Bodies.ChatPath, Chat(""))).GetProperty("choices")[0].GetProperty("message");
        Assert.Equal(parses ? "Four." : Thought, message.GetProperty("content").GetString());
        Assert.Equal(parses, message.TryGetProperty("reasoning_content", out _));
        JsonElement model = JsonDocument.Parse(await server.Client.GetStringAsync("/v1/models")).RootElement.GetProperty("data")[0];
        Assert.Equal(parses ? "hunyuan" : null, model.GetProperty("reasoning_parser").GetString());
    }

    [Theory]
    [InlineData("", "hi")]
    [InlineData("\"chat_template_kwargs\":{\"enable_thinking\":false}", "hi<think>\n\n</think>\n")]
    [InlineData("\"reasoning_effort\":\"none\"", "hi<think>\n\n</think>\n")]
    [InlineData("\"reasoning_effort\":\"high\"", "hi")]
    [InlineData("\"reasoning_effort\":\"none\",\"chat_template_kwargs\":{\"enable_thinking\":true}", "hi")]
    public async Task The_template_switches_reasoning(string more, string prompt)
    {
        ScriptedGenerator generator = new() { Text = "yes" };
        await using TestServer server = await generator.ServeAsync(template: Template);
        JsonElement message = (await server.OkAsync(Bodies.ChatPath, Chat(more))).GetProperty("choices")[0].GetProperty("message");
        Assert.Equal("yes", message.GetProperty("content").GetString());
        Assert.Equal(prompt, generator.Tokenizer.Decode(generator.Requests[0].PromptIds.Span));
    }

    [Theory]
    [InlineData("\"reasoning_effort\":\"much\"", Template, "reasoning_effort must be one of none, minimal, low, medium, high, xhigh.")]
    [InlineData("\"reasoning_effort\":\"high\"", "{{ messages[-1].content }}", "This model does not reason; leave reasoning_effort out, or send \"none\".")]
    [InlineData("\"thinking_token_budget\":5", "{{ messages[-1].content }}", "This model does not reason; leave thinking_token_budget out.")]
    [InlineData("\"thinking_token_budget\":-1", Template, "thinking_token_budget is -1; allowed: whole numbers from 0 on.")]
    public async Task What_cannot_be_done_is_refused(string more, string template, string error)
    {
        await using TestServer server = await new ScriptedGenerator { Text = "yes" }.ServeAsync(template: template);
        (int status, JsonElement answer) = await server.PostAsync(Bodies.ChatPath, Chat(more));
        Assert.Equal((400, error), (status, answer.GetProperty("error").GetProperty("message").GetString()));
    }

    [Fact]
    public async Task Earlier_reasoning_reaches_the_template_under_both_names()
    {
        const string template = "{% for m in messages %}{{ m.reasoning_content or '-' }}{{ m.reasoning or '-' }}{{ '<think>' if false else '' }}{% endfor %}";
        ScriptedGenerator generator = new() { Text = "yes" };
        await using TestServer server = await generator.ServeAsync(template: template);
        const string history = """{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b","FIELD":"why"},{"role":"user","content":"c"}]}""";
        foreach (string field in new[] { "reasoning", "reasoning_content" })
        {
            await server.OkAsync(Bodies.ChatPath, history.Replace("FIELD", field, StringComparison.Ordinal));
            Assert.Equal("--whywhy--", generator.Tokenizer.Decode(generator.Requests[^1].PromptIds.Span));
        }
    }

    [Theory]
    [InlineData(OpenTemplate, 0)]
    [InlineData(OpenTemplate, 7)]
    [InlineData(Template, 0)]
    public async Task A_real_model_reasons_up_to_its_budget_and_then_answers_in_the_form_that_was_asked_for(string template, int budget)
    {
        using TempFolder folder = DemoModel(template);
        await using TestServer server = await TestServer.StartAsync(folder: folder.Root);
        // Tokens of the reasoning: the budget, and those that close it.
        string request = $"{Schema},\"temperature\":1,\"seed\":3,\"max_tokens\":80,\"logprobs\":true,\"thinking_token_budget\":{budget}";
        JsonElement choice = (await server.OkAsync(Bodies.ChatPath, Chat(request))).GetProperty("choices")[0];
        JsonElement message = choice.GetProperty("message");
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        Assert.InRange(JsonNode.Parse(message.GetProperty("content").GetString()!)!["a"]!.GetValue<int>(), int.MinValue, 99);
        if (template == OpenTemplate)
        {
            string[] tokens = [.. choice.GetProperty("logprobs").GetProperty("content").EnumerateArray().Select(token => token.GetProperty("token").GetString()!)];
            string text = string.Concat(tokens);
            int close = text.IndexOf("\n</think>\n<answer>\n", StringComparison.Ordinal);
            Assert.True(close >= 0, text);
            Assert.Equal(string.Concat(tokens[..budget]), text[..close]);
        }

        EventStream stream = await server.StreamAsync(Bodies.ChatPath, Chat(request + ",\"stream\":true"));
        Assert.Equal(message.GetProperty("content").GetString(), stream.Content());
    }

    [Fact]
    public async Task Mandatory_calls_follow_the_reasoning()
    {
        using TempFolder folder = DemoModel(OpenTemplate);
        await using TestServer server = await TestServer.StartAsync(folder: folder.Root);
        const string tools = """ "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"type":"boolean"}},"required":["a"],"additionalProperties":false}}}],"tool_choice":"required","parallel_tool_calls":false """;
        JsonElement choice = (await server.OkAsync(Bodies.ChatPath, Chat(tools + ",\"thinking_token_budget\":4,\"max_tokens\":200"))).GetProperty("choices")[0];
        Assert.Equal("tool_calls", choice.GetProperty("finish_reason").GetString());
        JsonElement message = choice.GetProperty("message");
        Assert.NotEqual("", message.GetProperty("reasoning_content").GetString());
        JsonElement call = Assert.Single(message.GetProperty("tool_calls").EnumerateArray()).GetProperty("function");
        Assert.True(JsonNode.Parse(call.GetProperty("arguments").GetString()!)!["a"]!.GetValueKind() is JsonValueKind.True or JsonValueKind.False);
    }

    [Fact]
    public async Task A_wrong_parser_is_an_error_at_the_start()
    {
        Microsoft.Extensions.Options.OptionsValidationException error = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(
            () => TestServer.StartEmptyAsync(options => options.ReasoningParser = "deepseek"));
        Assert.Equal("ReasoningParser is 'deepseek'; allowed: auto, none, hunyuan, hy_v3.", Assert.Single(error.Failures));
    }

    private static TempFolder DemoModel(string template)
    {
        TempFolder folder = TempFolder.CopyOf(TestPaths.DemoModel);
        folder.Write("chat_template.jinja", template);
        return folder;
    }

    private static string Join(JsonElement[] deltas, string field) =>
        string.Concat(deltas.Select(delta => delta.TryGetProperty(field, out JsonElement text) ? text.GetString() : ""));

    private static string Chat(string more) => $$"""{"messages":[{"role":"user","content":"hi"}]{{(more == "" ? "" : "," + more)}}}""";
}
