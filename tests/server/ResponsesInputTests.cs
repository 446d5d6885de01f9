using System.Text.Json;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>The conversation that a request to /v1/responses stands for: its items, and the responses that are kept.</summary>
public sealed class ResponsesInputTests
{
    private const string Template = """
        {%- for m in messages %}[{{ m.role }}:{{ m.content }}{{ '|' + m.reasoning_content if m.reasoning_content else '' }}
        {%- for c in m.tool_calls or [] %}|{{ c.function.name }}={{ c.function.arguments.city }}{% endfor %}{{ '|' + m.tool_call_id if m.tool_call_id else '' }}]{% endfor %}
        """;

    [Theory]
    [InlineData("\"hi\"", "", "[user:hi]")]
    [InlineData("\"hi\"", ",\"instructions\":\"be kind\"", "[system:be kind][user:hi]")]
    [InlineData("""[{"role":"developer","content":"s"},{"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]}]""", "", "[system:s][user:a\nb]")]
    [InlineData("""[{"role":"user","content":"a"},{"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"why"}]},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"b","annotations":[]}]},{"type":"function_call","call_id":"c1","name":"weather","arguments":"{\"city\":\"Bonn\"}"},{"type":"function_call","call_id":"c2","name":"weather","arguments":"{\"city\":\"Kiel\"}"},{"type":"function_call_output","call_id":"c1","output":"rain"},{"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"sun"}]},{"role":"assistant","content":"c"},{"role":"user","content":"d"}]""",
        "", "[user:a][assistant:b|why|weather=Bonn|weather=Kiel][tool:rain|c1][tool:sun|c2][assistant:c][user:d]")]
    [InlineData("""[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"assistant","content":"c"},{"role":"user","content":"d"}]""", "", "[user:a][assistant:b][assistant:c][user:d]")]
    public async Task Items_become_messages(string input, string more, string prompt)
    {
        ScriptedGenerator generator = new() { Text = "yes" };
        await using TestServer server = await generator.ServeAsync(template: Template);
        await server.OkAsync(Bodies.ResponsesPath, $$"""{"input":{{input}}{{more}}}""");
        Assert.Equal(prompt, Prompt(generator));
    }

    [Fact]
    public async Task A_response_continues_the_previous_one_without_its_instructions()
    {
        ScriptedGenerator generator = new() { Text = "<think>\nhm\n</think>\n<answer>\nyes\n</answer>" };
        await using TestServer server = await generator.ServeAsync(options => options.ReasoningParser = "hunyuan", template: Template);
        string first = await CreateAsync(server, "\"input\":\"a\",\"instructions\":\"old\"");
        ResponseStream second = await ResponseStream.ReadAsync(server, $$"""{"input":"b","instructions":"new","stream":true,"previous_response_id":"{{first}}"}""");
        Assert.Equal("[system:new][user:a][assistant:yes|hm][user:b]", Prompt(generator));
        Assert.Equal(first, second.Final.GetProperty("previous_response_id").GetString());
        await CreateAsync(server, $"\"input\":\"c\",\"previous_response_id\":\"{second.Final.GetProperty("id").GetString()}\"");
        Assert.Equal("[user:a][assistant:yes|hm][user:b][assistant:yes|hm][user:c]", Prompt(generator));

        // A response may have several continuations.
        await CreateAsync(server, $"\"input\":\"d\",\"previous_response_id\":\"{first}\"");
        Assert.Equal("[user:a][assistant:yes|hm][user:d]", Prompt(generator));
    }

    [Fact]
    public async Task A_call_is_answered_by_the_next_request()
    {
        ScriptedGenerator generator = new() { Text = """<tool_calls>[{"name": "weather", "arguments": {"city": "Paris"}}]</tool_calls>""" };
        await using TestServer server = await generator.ServeAsync(template: Template);
        const string tools = """ "tools":[{"type":"function","name":"weather"}] """;
        JsonElement response = await server.OkAsync(Bodies.ResponsesPath, $$"""{"input":"w?",{{tools}}}""");
        string call = response.GetProperty("output")[0].GetProperty("call_id").GetString()!;
        await server.OkAsync(
            Bodies.ResponsesPath,
            $$"""{"input":[{"type":"function_call_output","call_id":"{{call}}","output":"rain"}],{{tools}},"previous_response_id":"{{response.GetProperty("id").GetString()}}"}""");
        Assert.Equal($"[user:w?][assistant:|weather=Paris][tool:rain|{call}]", Prompt(generator));
    }

    [Fact]
    public async Task A_response_is_read_and_deleted()
    {
        await using TestServer server = await new ScriptedGenerator { Text = "yes" }.ServeAsync();
        JsonElement response = await server.OkAsync(Bodies.ResponsesPath, """{"input":"a"}""");
        string path = $"{Bodies.ResponsesPath}/{response.GetProperty("id").GetString()}";
        Assert.Equal(response.GetRawText(), await server.Client.GetStringAsync(path));
        using (HttpResponseMessage deleted = await server.Client.DeleteAsync(path))
        {
            Assert.Equal(
                $$"""{"id":"{{response.GetProperty("id").GetString()}}","object":"response","deleted":true}""", await deleted.Content.ReadAsStringAsync());
        }

        using HttpResponseMessage gone = await server.Client.GetAsync(path), again = await server.Client.DeleteAsync(path);
        Assert.Equal((404, 404), ((int)gone.StatusCode, (int)again.StatusCode));
        Assert.Contains("There is no response", await gone.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(",\"store\":false", 1000, 1 << 20)]
    [InlineData("", 0, 1 << 20)]
    [InlineData("", 1000, 100)]
    public async Task A_response_is_not_kept(string more, int count, long bytes)
    {
        await using TestServer server = await new ScriptedGenerator { Text = "yes" }.ServeAsync(options =>
        {
            options.MaxStoredResponses = count;
            options.MaxStoredResponseBytes = bytes;
        });
        await ForgottenAsync(server, await CreateAsync(server, "\"input\":\"a\"" + more));
    }

    [Fact]
    public async Task The_response_that_was_not_used_for_the_longest_time_is_forgotten_first()
    {
        await using TestServer server = await new ScriptedGenerator { Text = "yes" }.ServeAsync(options => options.MaxStoredResponses = 2);
        string first = await CreateAsync(server, "\"input\":\"a\""), second = await CreateAsync(server, "\"input\":\"b\"");
        await server.Client.GetStringAsync($"{Bodies.ResponsesPath}/{first}");
        await CreateAsync(server, "\"input\":\"c\"");
        await server.Client.GetStringAsync($"{Bodies.ResponsesPath}/{first}");
        await ForgottenAsync(server, second);
    }

    [Fact]
    public async Task Bytes_are_bounded()
    {
        string text = new('x', 1000);
        await using TestServer server = await new ScriptedGenerator { Text = "yes" }.ServeAsync(options => options.MaxStoredResponseBytes = 9000);
        string first = await CreateAsync(server, $"\"input\":\"{text}\""), second = await CreateAsync(server, $"\"input\":\"{text}\""), third = await CreateAsync(server, $"\"input\":\"{text}\"");
        await ForgottenAsync(server, first);
        await server.Client.GetStringAsync($"{Bodies.ResponsesPath}/{second}");
        await server.Client.GetStringAsync($"{Bodies.ResponsesPath}/{third}");
    }

    [Fact]
    public async Task A_response_that_is_not_used_expires()
    {
        FakeTimeProvider time = new();
        await using TestServer server = await new ScriptedGenerator { Text = "yes" }.ServeAsync(
            options => options.StoredResponseLifetime = TimeSpan.FromMinutes(10), services => services.AddSingleton<TimeProvider>(time));
        string id = await CreateAsync(server, "\"input\":\"a\"");
        for (int use = 0; use < 2; use++)
        {
            time.Advance(TimeSpan.FromMinutes(9));
            await server.Client.GetStringAsync($"{Bodies.ResponsesPath}/{id}");
        }

        time.Advance(TimeSpan.FromMinutes(10));
        await ForgottenAsync(server, id);
    }

    private static string Prompt(ScriptedGenerator generator) => generator.Tokenizer.Decode(generator.Requests[^1].PromptIds.Span);

    private static async Task<string> CreateAsync(TestServer server, string body) =>
        (await server.OkAsync(Bodies.ResponsesPath, "{" + body + "}")).GetProperty("id").GetString()!;

    private static async Task ForgottenAsync(TestServer server, string id)
    {
        using HttpResponseMessage read = await server.Client.GetAsync($"{Bodies.ResponsesPath}/{id}");
        Assert.Equal(404, (int)read.StatusCode);
        (int status, JsonElement json) = await server.PostAsync(Bodies.ResponsesPath, $$"""{"input":"b","previous_response_id":"{{id}}"}""");
        JsonElement error = json.GetProperty("error");
        Assert.Equal((400, "previous_response_not_found"), (status, error.GetProperty("code").GetString()));
        Assert.Equal("previous_response_id", error.GetProperty("param").GetString());
    }
}
