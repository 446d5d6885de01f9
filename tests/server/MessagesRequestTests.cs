using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Requests in Anthropic's format: what the chat template receives, what is refused, keys, and the form of errors.</summary>
public sealed class MessagesRequestTests
{
    private const string Path = "/v1/messages", CountPath = Path + "/count_tokens", Key = "sk-ant-0123456789",
        Hi = """{"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}""";

    [Fact]
    public async Task The_template_receives_messages_of_a_chat()
    {
        const string template = """
            {% for m in messages %}[{{ m.role }}|{{ m.content }}|{{ m.reasoning_content or '-' }}|{{ m.tool_call_id or '-' }}|{% for c in m.tool_calls or [] %}{{ c.id }}:{{ c.function.name }}:{{ c.function.arguments.city }}{% endfor %}]{% endfor %}{% for t in tools or [] %}{{ t.type }}:{{ t.function.name }}:{{ t.function.description }}:{{ t.function.parameters.type }}{% endfor %}
            """;
        const string body = """
            {"model":"scripted","max_tokens":9,"metadata":{"user_id":"u"},"system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"type":"text","text":"b"}],
            "tools":[{"name":"weather","description":"d","input_schema":{"type":"object"}}],
            "messages":[
            {"role":"user","content":[{"type":"text","text":"c"},{"type":"text","text":"d"}]},
            {"role":"assistant","content":[{"type":"thinking","thinking":"why","signature":"s"},{"type":"redacted_thinking","data":"x"},{"type":"text","text":"e"},{"type":"tool_use","id":"t1","name":"weather","input":{"city":"Paris"}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"sun"}]},{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":"lost"},{"type":"tool_result","tool_use_id":"t1"},{"type":"text","text":"f"}]},
            {"role":"assistant","content":"g"},
            {"role":"user","content":"h"}]}
            """;
        ScriptedGenerator generator = new() { Text = "yes" };
        await using TestServer server = await generator.ServeAsync(template: template);
        await server.OkAsync(Path, body);
        string prompt = generator.Tokenizer.Decode(generator.Requests[0].PromptIds.Span);
        Assert.Equal(
            "[system|a\nb|-|-|][user|c\nd|-|-|][assistant|e|why|-|t1:weather:Paris][tool|sun|-|t1|][tool|Error: lost|-|t1|][tool||-|t1|][user|f|-|-|][assistant|g|-|-|][user|h|-|-|]function:weather:d:object",
            prompt.Trim());
        JsonElement count = await server.OkAsync(CountPath, body);
        Assert.Equal(generator.Requests[0].PromptIds.Length, count.GetProperty("input_tokens").GetInt32());
        Assert.Single(generator.Requests);
    }

    [Theory]
    [InlineData(Path, "\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"tools\":[{\"name\":\"a\",\"input_schema\":", "}]")]
    [InlineData("/api/generate", "\"prompt\":\"a\",\"stream\":false,\"format\":", "")]
    [InlineData("/api/chat", "\"stream\":false,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a\",\"parameters\":", "}}]")]
    public async Task A_request_may_be_as_deep_as_the_setting_allows(string path, string before, string after)
    {
        await using TestServer server = await TestServer.StartAsync(options => options.MaxJsonDepth = 1000);
        int depth = 999 - after.Length;
        string schema = string.Concat(Enumerable.Repeat("{\"items\":", depth - 1)) + "{}" + new string('}', depth - 1);
        (int status, JsonElement json) = await server.PostAsync(path, $"{{{before}{schema}{after}}}");
        Assert.InRange(status, 200, 400);
        Assert.DoesNotContain("The body", json.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_of_the_engine_names_the_parameter_as_the_request_does()
    {
        await using TestServer server = await TestServer.StartAsync();
        string stops = string.Join(',', Enumerable.Range(0, 1000).Select(i => $"\"{i}\""));
        (int status, JsonElement json) = await server.PostAsync(Path, Hi.Replace("{\"max", $"{{\"stop_sequences\":[{stops}],\"max", StringComparison.Ordinal));
        Assert.Equal(400, status);
        CheckError(json, "invalid_request_error", "stop_sequences: ");
    }

    [Fact]
    public async Task Sampling_reaches_the_engine()
    {
        ScriptedGenerator generator = new() { Text = "yes" };
        await using TestServer server = await generator.ServeAsync();
        await server.OkAsync(Path, Hi.Replace("\"max_tokens\":9", "\"max_tokens\":7,\"temperature\":0.5,\"top_p\":0.25,\"top_k\":3,\"stop_sequences\":[\"x\",\"y\"]", StringComparison.Ordinal));
        Contracts.Requests.GenerationRequest request = generator.Requests[0];
        Assert.Equal((0.5f, 0.25f, 3, 7), (request.Sampling.Temperature, request.Sampling.TopP, request.Sampling.TopK, request.MaxTokens));
        Assert.Equal(["x", "y"], request.StopStrings);
    }

    [Theory]
    [InlineData("\"max_tokens\":9", "messages is missing")]
    [InlineData("\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]", "max_tokens is missing")]
    [InlineData("\"max_tokens\":0,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]", "max_tokens is 0")]
    [InlineData("\"max_tokens\":9,\"messages\":[]", "at least one message")]
    [InlineData("\"max_tokens\":9,\"messages\":[7]", "messages[0] must be an object")]
    [InlineData("\"max_tokens\":9,\"messages\":[{\"role\":\"tool\",\"content\":\"a\"}]", "messages[0].role must be")]
    [InlineData("\"max_tokens\":9,\"messages\":[{\"role\":\"user\"}]", "messages[0].content is missing")]
    [InlineData("\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":7}]", "messages[0].content must be a string or an array of blocks, not a number")]
    [InlineData("\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":[]}]", "at least one block")]
    [InlineData("\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{}}]}]", "messages[0].content[0] is of the type image; these models read text only.")]
    [InlineData("\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\"}]}]", "read text only")]
    [InlineData("\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_use\"}]}]", "'tool_use'; allowed here: text, tool_result")]
    [InlineData("\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t\"}]}]", "tool_use_id is the id of no tool_use block")]
    [InlineData("\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]", "continuing it is not supported")]
    [InlineData("\"system\":[{\"type\":\"image\"}]", "system[0] is of the type image")]
    [InlineData("\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]", "tools[0] is of the type 'web_search_20250305'")]
    [InlineData("\"tools\":[{\"name\":\"a\"}]", "tools[0].input_schema must be")]
    [InlineData("\"tools\":[{\"name\":\"a b\",\"input_schema\":{}}]", "tools[0].name must be")]
    [InlineData("\"tools\":[{\"name\":\"a\",\"input_schema\":{\"type\":\"string\"}}],\"tool_choice\":{\"type\":\"any\"}", "tools[0].input_schema.type must be")]
    [InlineData("\"tools\":[{\"name\":\"a\",\"input_schema\":{\"not\":{}}}],\"tool_choice\":{\"type\":\"any\"}", "tools[0].input_schema")]
    [InlineData("\"tool_choice\":{\"type\":\"any\"}", "tools is empty")]
    [InlineData("\"tool_choice\":{\"type\":\"some\"}", "tool_choice.type must be")]
    [InlineData("\"stop_sequences\":\"a\"", "stop_sequences must be an array of strings")]
    [InlineData("\"stop_sequences\":[\"\"]", "stop_sequences must not hold an empty text")]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":5}", "This model does not reason")]
    [InlineData("\"thinking\":{\"type\":\"much\"}", "thinking.type must be")]
    [InlineData("\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":\"low\"}", "This model does not reason")]
    [InlineData("\"output_config\":{\"effort\":\"low\"}", "output_config.effort needs thinking")]
    [InlineData("\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":7}}", "output_config.format.schema must be a JSON schema")]
    [InlineData("\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{\"not\":{}}}}", "output_config.format")]
    [InlineData("\"mcp_servers\":[{}]", "mcp_servers is not supported")]
    [InlineData("\"container\":\"c\"", "container is not supported")]
    public async Task What_cannot_be_done_is_refused(string parameters, string part)
    {
        await using TestServer server = await new ScriptedGenerator { Text = "yes" }.ServeAsync();
        string body = parameters.Contains("max_tokens", StringComparison.Ordinal) || parameters.Contains("\"messages\"", StringComparison.Ordinal)
            ? $"{{{parameters}}}" : Hi.Replace("{\"max", $"{{{parameters},\"max", StringComparison.Ordinal);
        (int status, JsonElement json) = await server.PostAsync(Path, body);
        Assert.Equal(400, status);
        CheckError(json, "invalid_request_error", part);
    }

    [Theory]
    [InlineData("\"type\":\"enabled\"", "thinking.budget_tokens is missing")]
    [InlineData("\"type\":\"enabled\",\"budget_tokens\":9", "thinking.budget_tokens is 9; allowed: less than max_tokens, which is 9.")]
    [InlineData("\"type\":\"adaptive\",\"display\":\"all\"", "thinking.display must be")]
    public async Task Thinking_that_cannot_be_is_refused_by_a_model_that_reasons(string thinking, string part)
    {
        await using TestServer server = await new ScriptedGenerator { Text = "yes" }.ServeAsync(template: "{{ messages[-1].content }}{{ '<think>' if false else '' }}");
        (int status, JsonElement json) = await server.PostAsync(Path, Hi.Replace("{\"max", $"{{\"thinking\":{{{thinking}}},\"max", StringComparison.Ordinal));
        Assert.Equal(400, status);
        CheckError(json, "invalid_request_error", part);
    }

    [Theory]
    [InlineData("disabled")]
    [InlineData("adaptive")]
    public async Task A_model_that_does_not_reason_takes_thinking_that_need_not_be(string type)
    {
        await using TestServer server = await new ScriptedGenerator { Text = "yes" }.ServeAsync();
        await server.OkAsync(Path, Hi.Replace("{\"max", $"{{\"thinking\":{{\"type\":\"{type}\"}},\"max", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Unknown_parameters_can_be_refused()
    {
        await using TestServer server = await new ScriptedGenerator { Text = "yes" }.ServeAsync(options => options.UnknownParameters = UnknownParameterPolicy.Refuse);
        await server.OkAsync(Path, Hi.Replace("{\"max", "{\"metadata\":{},\"system\":\"s\",\"max", StringComparison.Ordinal));
        (int status, JsonElement json) = await server.PostAsync(Path, Hi.Replace("{\"max", "{\"max_token\":1,\"max", StringComparison.Ordinal));
        Assert.Equal(400, status);
        CheckError(json, "invalid_request_error", "max_token");
    }

    [Fact]
    public async Task Keys_may_be_in_either_header()
    {
        await using TestServer server = await new ScriptedGenerator { Text = "yes" }.ServeAsync(options => options.Keys.Add(
            new ApiKeyOptions { Name = "a", Sha256 = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Key))) }));
        foreach (string path in new[] { Path, CountPath })
        {
            Assert.Equal(200, (await SendAsync(path, "x-api-key", Key)).Status);
            Assert.Equal(200, (await SendAsync(path, "Authorization", "Bearer " + Key)).Status);
            Assert.Equal(401, (await SendAsync(path, "x-api-key", Key + "x")).Status);
            (int status, JsonElement json) = await SendAsync(path, "x-other", Key);
            Assert.Equal(401, status);
            CheckError(json, "authentication_error", "An API key is needed");
        }

        Assert.Equal(401, (await SendAsync(Bodies.ChatPath, "x-api-key", Key)).Status);

        async Task<(int Status, JsonElement Json)> SendAsync(string path, string header, string value)
        {
            using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = TestServer.Content(Hi) };
            request.Headers.TryAddWithoutValidation(header, value);
            using HttpResponseMessage response = await server.Client.SendAsync(request);
            return ((int)response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
        }
    }

    [Fact]
    public async Task Errors_of_the_server_have_anthropics_form()
    {
        await using TestServer server = await new ScriptedGenerator { Text = "yes" }.ServeAsync(options => (options.Limits.RequestsPerMinute, options.MaxBodyBytes) = (3, 2000));
        (int status, JsonElement json) = await server.PostAsync(Path, Hi.Replace("{\"max", "{\"model\":\"claude\",\"max", StringComparison.Ordinal));
        Assert.Equal(404, status);
        CheckError(json, "not_found_error", "'claude' does not exist");
        (status, json) = await server.PostAsync(Path, Hi.Replace("hi", new string('a', 3000), StringComparison.Ordinal));
        Assert.Equal(413, status);
        CheckError(json, "request_too_large", "at most 2000 bytes");
        Assert.Equal(400, (await server.PostAsync(Path, "{")).Status);
        (status, json) = await server.PostAsync(Path, Hi);
        Assert.Equal(429, status);
        CheckError(json, "rate_limit_error", "requests allowed per minute");
        (status, json) = await server.PostAsync(Path + "/batches", Hi);
        Assert.Equal(404, status);
        CheckError(json, "not_found_error", "There is nothing at POST /v1/messages/batches");
        using HttpResponseMessage wrong = await server.Client.GetAsync(Path);
        Assert.Equal(405, (int)wrong.StatusCode);
        json = JsonDocument.Parse(await wrong.Content.ReadAsStringAsync()).RootElement;
        CheckError(json, "invalid_request_error", "does not take GET");
        Assert.Equal(Assert.Single(wrong.Headers.GetValues("request-id")), json.GetProperty("request_id").GetString());

        await using TestServer empty = await TestServer.StartEmptyAsync();
        (status, json) = await empty.PostAsync(Path, Hi);
        Assert.Equal(503, status);
        CheckError(json, "overloaded_error", "loading");
    }

    private static void CheckError(JsonElement json, string type, string part)
    {
        Assert.Equal(["type", "error", "request_id"], json.EnumerateObject().Select(property => property.Name));
        Assert.Equal("error", json.GetProperty("type").GetString());
        JsonElement error = json.GetProperty("error");
        Assert.Equal(["type", "message"], error.EnumerateObject().Select(property => property.Name));
        Assert.Equal(type, error.GetProperty("type").GetString());
        Assert.Contains(part, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }
}
