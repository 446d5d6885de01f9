using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>What /v1/responses does not do is refused, with an error that names the parameter.</summary>
public sealed class ResponsesErrorTests(DemoServer demo) : IClassFixture<DemoServer>
{
    public static TheoryData<string, string, string> Bad => new()
    {
        { "{}", "input", "input is missing" },
        { """{"input":7}""", "input", "a string or an array of items" },
        { """{"input":[]}""", "input", "at least one item" },
        { """{"input":["a"]}""", "input", "input[0]" },
        { """{"input":[{"role":"king","content":"a"}]}""", "input", "king" },
        { """{"input":[{"role":"user"}]}""", "input", "input[0].content is missing" },
        { """{"input":[{"role":"user","content":[{"type":"input_image","image_url":"x"}]}]}""", "input", "text only" },
        { """{"input":[{"role":"user","content":[{"type":"input_file","file_id":"x"}]}]}""", "input", "input_file" },
        { """{"input":[{"type":"web_search_call","id":"x"}]}""", "input", "web_search_call" },
        { """{"input":[{"type":"item_reference","id":"x"}]}""", "input", "item_reference" },
        { """{"input":[{"type":"function_call","name":"f","arguments":"{}"}]}""", "input", "call_id is missing" },
        { """{"input":[{"type":"function_call_output","call_id":"f"}]}""", "input", "output is missing" },
        { """{"input":[{"type":"function_call_output","call_id":"f","output":7}]}""", "input", "input[0].output" },
        { With("\"instructions\":7"), "instructions", "a string" },
        { With("\"max_output_tokens\":0"), "max_output_tokens", "from 1" },
        { With("\"max_output_tokens\":100000"), "max_output_tokens", "4096" },
        { With("\"max_tokens\":5"), "max_tokens", "max_output_tokens" },
        { With("\"temperature\":-1"), "temperature", "allowed" },
        { With("\"tools\":[{\"type\":\"web_search\"}]"), "tools", "web_search" },
        { With("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]"), "tools", "tools[0].name" },
        { With("\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"parameters\":7}]"), "tools", "tools[0].parameters" },
        { With("\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"parameters\":{\"not\":{}}}],\"tool_choice\":\"required\""), "tools[0].parameters", "not supported" },
        { With("\"tools\":[{\"type\":\"function\",\"name\":\"f\"}],\"tool_choice\":{\"type\":\"function\",\"name\":\"g\"}"), "tool_choice", "not in tools" },
        { With("\"tools\":[{\"type\":\"function\",\"name\":\"f\"}],\"tool_choice\":{\"type\":\"function\"}"), "tool_choice", "tool_choice.name" },
        { With("\"tool_choice\":\"required\""), "tool_choice", "tools is empty" },
        { With("\"reasoning\":{\"effort\":\"much\"}"), "reasoning.effort", "none, minimal" },
        { With("\"reasoning\":{\"effort\":\"high\"}"), "reasoning.effort", "does not reason" },
        { With("\"reasoning\":{\"summary\":\"long\"}"), "reasoning.summary", "concise" },
        { With("\"text\":{\"format\":{\"type\":\"xml\"}}"), "text.format", "json_schema" },
        { With("\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\"}}"), "text.format", "schema is missing" },
        { With("\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\",\"schema\":{\"not\":{}}}}"), "text.format", "not supported" },
        { With("\"text\":{\"verbosity\":\"low\"}"), "text.verbosity", "medium" },
        { With("\"response_format\":{\"type\":\"json_object\"}"), "response_format", "text.format" },
        { With("\"previous_response_id\":\"resp_1\""), "previous_response_id", "resp_1" },
        { With("\"metadata\":{\"a\":1}"), "metadata", "strings" },
        { With("\"truncation\":\"auto\""), "truncation", "disabled" },
        { With("\"background\":true"), "background", "not supported" },
        { With("\"include\":[\"message.output_text.logprobs\"]"), "include", "encrypted_content" },
        { With("\"conversation\":\"c\""), "conversation", "previous_response_id" },
        { With("\"prompt\":{\"id\":\"p\"}"), "prompt", "input" },
        { With("\"context_management\":[{\"type\":\"compaction\"}]"), "context_management", "send less input" },
        { With("\"moderation\":{\"model\":\"m\"}"), "moderation", "leave it out" },
        { With("\"top_logprobs\":2"), "top_logprobs", "/v1/chat/completions" },
        { With("\"logprobs\":true"), "logprobs", "/v1/chat/completions" },
        { With("\"continue_final_message\":true"), "continue_final_message", "/v1/chat/completions" },
        { With("\"chat_template\":\"x\""), "chat_template", "/v1/chat/completions" },
        { With("\"functions\":[]"), "functions", "use tools" },
        { With("\"echo\":true"), "echo", "/v1/completions" },
        { With("\"n\":2"), "n", "one response" },
        { With("\"max_tool_calls\":0"), "max_tool_calls", "from 1" },
        { With("\"stream\":\"yes\""), "stream", "true or false" },
        { With("\"store\":7"), "store", "true or false" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task A_wrong_request_is_refused(string body, string parameter, string part)
    {
        (int status, JsonElement json) = await demo.Server.PostAsync(Bodies.ResponsesPath, body);
        Assert.True(status == 400, $"{status}: {json}");
        JsonElement error = json.GetProperty("error");
        Assert.Equal((parameter, "invalid_request_error"), (error.GetProperty("param").GetString(), error.GetProperty("type").GetString()));
        Assert.Contains(part, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_changes_nothing_is_accepted() => await demo.Server.OkAsync(
        Bodies.ResponsesPath,
        With("\"max_output_tokens\":1,\"include\":[\"reasoning.encrypted_content\"],\"truncation\":\"disabled\",\"background\":false,\"reasoning\":{\"effort\":\"none\",\"summary\":\"auto\"},\"text\":{\"format\":{\"type\":\"text\"},\"verbosity\":\"medium\"}"));

    [Fact]
    public async Task Another_callers_responses_are_not_seen()
    {
        await using TestServer server = await new ScriptedGenerator { Text = "yes" }.ServeAsync(options =>
        {
            options.Keys.Add(new ApiKeyOptions { Name = "a", Sha256 = Hash("alice") });
            options.Keys.Add(new ApiKeyOptions { Name = "b", Sha256 = Hash("bob") });
        });
        (_, string created) = await SendAsync(HttpMethod.Post, "", "alice");
        string id = JsonDocument.Parse(created).RootElement.GetProperty("id").GetString()!;
        Assert.Equal(404, (await SendAsync(HttpMethod.Get, "/" + id, "bob")).Status);
        Assert.Equal(404, (await SendAsync(HttpMethod.Delete, "/" + id, "bob")).Status);
        Assert.Equal(401, (await SendAsync(HttpMethod.Get, "/" + id, "eve")).Status);
        Assert.Equal(200, (await SendAsync(HttpMethod.Get, "/" + id, "alice")).Status);

        async Task<(int Status, string Text)> SendAsync(HttpMethod method, string path, string key)
        {
            using HttpRequestMessage request = new(method, Bodies.ResponsesPath + path);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            request.Content = method == HttpMethod.Post ? TestServer.Content("""{"input":"a"}""") : null;
            using HttpResponseMessage response = await server.Client.SendAsync(request);
            return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
        }

        static string Hash(string key) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
    }

    private static string With(string more) => $$"""{"input":"hi",{{more}}}""";
}
