using System.Text.Json;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Tests.Support;
using OllamaSharp;
using OllamaSharp.Models;
using OllamaSharp.Models.Chat;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Ollama's API, as its client OllamaSharp uses it and by its text.</summary>
public sealed class OllamaTests(DemoServer demo) : IClassFixture<DemoServer>
{
    private const string Question = "What is the capital of France?", Paris = "The capital of France is Paris.",
        Thought = "<think>\nIt is Paris.\n</think>\n<answer>\nParis.\n</answer>", Thinking = "{{ messages[-1].content }}{{ '<think>' if false else '' }}";

    private const int Suggested = 33;

    private OllamaApiClient Client => new(demo.Server.Client, "demo-model");

    [Fact]
    public async Task The_client_chats_in_a_stream_and_at_once()
    {
        ChatRequest request = new() { Messages = [new Message(ChatRole.User, Question)], Options = new RequestOptions { Temperature = 0, NumPredict = 40 } };
        foreach (bool stream in new[] { true, false })
        {
            request.Stream = stream;
            string text = "";
            int parts = 0;
            ChatDoneResponseStream? done = null;
            await foreach (ChatResponseStream? part in Client.ChatAsync(request))
            {
                text += part!.Message.Content;
                parts++;
                done = part as ChatDoneResponseStream ?? done;
            }

            Assert.Equal(Paris, text);
            Assert.Equal(stream, parts > 1);
            Assert.Equal("stop", done!.DoneReason);
            Assert.True(done.PromptEvalCount > 0 && done.EvalCount > 0 && done.TotalDuration > 0);
        }
    }

    [Fact]
    public async Task The_client_generates_lists_and_describes()
    {
        string text = "";
        await foreach (GenerateResponseStream? part in Client.GenerateAsync(new GenerateRequest { Prompt = Question, Options = new RequestOptions { Temperature = 0 } }))
        {
            text += part!.Response;
        }

        Assert.Equal(Paris, text);
        Assert.Equal("demo-model:latest", Assert.Single(await Client.ListLocalModelsAsync()).Name);
        ShowModelResponse shown = await Client.ShowModelAsync("demo-model:latest");
        Assert.Equal("hunyuan", shown.Details.Family);
        Assert.Matches(@"^\d+\.\d+\.\d+", await Client.GetVersionAsync());
    }

    [Fact]
    public async Task A_stream_is_lines_of_json_and_streams_by_default()
    {
        using HttpResponseMessage response = await demo.Server.Client.PostAsync(
            "/api/chat", TestServer.Content($$$"""{"model":"demo-model:latest","messages":[{"role":"user","content":"{{{Question}}}"}],"options":{"num_predict":3,"temperature":0}}"""));
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType!.ToString());
        string[] lines = (await response.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        JsonElement[] parts = [.. lines.Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.All(parts[..^1], part => Assert.False(part.GetProperty("done").GetBoolean()));
        Assert.Equal(("length", 3), (parts[^1].GetProperty("done_reason").GetString(), parts[^1].GetProperty("eval_count").GetInt32()));
    }

    [Fact]
    public async Task Reasoning_calls_and_forms_have_their_fields()
    {
        await using TestServer server = await new ScriptedGenerator { Text = Thought }.ServeAsync(template: Thinking);
        JsonElement message = (await server.OkAsync("/api/chat", Chat("\"think\":true"))).GetProperty("message");
        Assert.Equal(("Paris.", "It is Paris."), (message.GetProperty("content").GetString(), message.GetProperty("thinking").GetString()));

        await using TestServer calls = await new ScriptedGenerator { Text = """<tool_calls>[{"name": "f", "arguments": {"a": [1]}}]</tool_calls>""" }.ServeAsync();
        const string tools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}}]";
        message = (await calls.OkAsync("/api/chat", Chat(tools))).GetProperty("message");
        JsonElement call = Assert.Single(message.GetProperty("tool_calls").EnumerateArray()).GetProperty("function");
        Assert.Equal(("f", 1), (call.GetProperty("name").GetString(), call.GetProperty("arguments").GetProperty("a")[0].GetInt32()));

        const string schema = """ "format":{"type":"object","properties":{"a":{"type":"boolean"}},"required":["a"],"additionalProperties":false} """;
        message = (await demo.Server.OkAsync("/api/chat", Chat(schema))).GetProperty("message");
        Assert.True(JsonDocument.Parse(message.GetProperty("content").GetString()!).RootElement.GetProperty("a").ValueKind is JsonValueKind.True or JsonValueKind.False);
    }

    [Theory]
    [InlineData("/api/chat", """{"model":"other","messages":[]}""", 404, "The model 'other' does not exist; this server has 'demo-model'.")]
    [InlineData("/api/chat", """{"messages":[{"role":"user","content":"a","images":["x"]}]}""", 400, "images are not supported: these models read text only.")]
    [InlineData("/api/generate", """{"prompt":"a","suffix":"b"}""", 400, "suffix is not supported; leave it out.")]
    [InlineData("/api/generate", """{"prompt":"a","options":{"mirostat":1}}""", 400, "options.mirostat is not supported; leave it out.")]
    [InlineData("/api/generate", """{"prompt":"a","format":"xml"}""", 400, "format must be \"json\" or a JSON schema, an object.")]
    [InlineData("/api/generate", """{"prompt":"a","think":true}""", 400, "This model does not reason; leave think out, or send \"none\".")]
    [InlineData("/api/generate", """{"prompt":"a","options":{"mirostat":true}}""", 400, "options.mirostat is not supported; leave it out.")]
    [InlineData("/api/generate", """{"prompt":"a","options":{"num_predict":0}}""", 400, "options.num_predict is 0; allowed: -1 or -2 for as many tokens as fit, or whole numbers from 1 on.")]
    [InlineData("/api/generate", """{"prompt":"a","options":{"repeat_penalty":-1}}""", 400, "options.repeat_penalty is -1; allowed: above 0 (1 is off).")]
    [InlineData("/api/generate", """{"prompt":"a","options":{"temperature":-1}}""", 400, "options.temperature is -1; allowed: 0 (greedy) or more.")]
    [InlineData("/api/chat", """{"messages":[{"role":"user","content":"a"}],"options":{"top_p":"a"}}""", 400, "options.top_p must be a number, not a string.")]
    [InlineData("/api/generate", """{"prompt":"a","options":{"stop":["b",7]}}""", 400, "options.stop[1] must be a string, not a number.")]
    [InlineData("/api/generate", """{"prompt":"a","options":{"stop":["b",""]}}""", 400, "options.stop: length of a stop string is 0; allowed: 1 to 4096 characters.")]
    [InlineData("/api/generate", """{"prompt":"a","options":7}""", 400, "options must be an object, not a number.")]
    [InlineData("/api/generate", """{"prompt":"a","raw":true,"think":false}""", 400, "think and raw exclude each other: a raw prompt is the whole text that the model reads.")]
    [InlineData("/api/generate", """{"prompt":"a","raw":true,"system":"b"}""", 400, "system and raw exclude each other: a raw prompt is the whole text that the model reads.")]
    [InlineData("/api/generate", """{"prompt":"a","raw":true,"top_logprobs":1}""", 400, "top_logprobs needs logprobs to be true.")]
    [InlineData("/api/generate", """{"prompt":"a","logprobs":1}""", 400, "logprobs must be true or false, not a number.")]
    [InlineData("/api/chat", """{"messages":{"role":"user","content":"a"}}""", 400, "messages must be an array of messages, not an object.")]
    [InlineData("/api/chat", """{"messages":"a"}""", 400, "messages must be an array of messages, not a string.")]
    [InlineData("/api/chat", """{"messages":["a"]}""", 400, "messages[0] must be an object with role and content, not a string.")]
    [InlineData("/api/chat", """{"messages":[{"role":"user","content":"a"}],"tools":{"type":"function"}}""", 400, "tools must be an array of at most 128 functions.")]
    [InlineData("/api/chat", """{"messages":[{"role":"user","content":"a","images":"x"}]}""", 400, "images are not supported: these models read text only.")]
    [InlineData("/api/chat", """{"messages":[{"role":"user","content":"a"}],"top_logprobs":1}""", 400, "top_logprobs needs logprobs to be true.")]
    public async Task Wrong_requests_get_ollamas_errors(string path, string body, int status, string error)
    {
        (int answered, JsonElement answer) = await demo.Server.PostAsync(path, body);
        Assert.Equal((status, error), (answered, answer.GetProperty("error").GetString()));
    }

    [Fact]
    public async Task A_form_may_be_as_deep_as_a_request()
    {
        string schema = string.Concat(Enumerable.Repeat("{\"items\":", 60)) + "{\"type\":\"null\"}" + new string('}', 60);
        (int status, _) = await demo.Server.PostAsync("/api/generate", $$"""{"prompt":"a","stream":false,"options":{"num_predict":2},"format":{{schema}}}""");
        Assert.InRange(status, 200, 400);
    }

    [Fact]
    public async Task A_request_without_a_prompt_only_loads()
    {
        JsonElement answer = await demo.Server.OkAsync("/api/generate", """{"model":"demo-model"}""");
        Assert.Equal(("load", true), (answer.GetProperty("done_reason").GetString(), answer.GetProperty("done").GetBoolean()));
    }

    [Theory]
    [InlineData("/api/chat", """{"stream":true,"stream":false,"messages":[],"messages":[{"role":"user","role":"user","content":"a","images":[],"images":null}],"options":{"num_predict":2,"num_predict":1,"seed":1,"seed":2},"options":{"num_predict":1}}""")]
    [InlineData("/api/generate", """{"stream":false,"prompt":"a","prompt":"b","format":"xml","format":null,"options":{"num_predict":1}}""")]
    public async Task Of_fields_that_are_given_twice_the_last_counts(string path, string body) =>
        Assert.Equal(1, (await demo.Server.OkAsync(path, body)).GetProperty("eval_count").GetInt32());

    [Theory]
    [InlineData("", Suggested)]
    [InlineData(",\"options\":{\"num_predict\":-1}", null)]
    [InlineData(",\"options\":{\"num_predict\":-2}", null)]
    [InlineData(",\"options\":{\"num_predict\":7}", 7)]
    public async Task A_raw_prompt_and_a_chat_have_the_same_length(string options, int? expected)
    {
        ScriptedGenerator generator = new() { Text = "yes" };
        await using TestServer server = await generator.ServeAsync(defaults: GenerationDefaults.Published with { MaxNewTokens = Suggested });
        foreach (string body in new[] { "\"prompt\":\"a\",\"raw\":true", "\"prompt\":\"a\"", "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]" })
        {
            await server.OkAsync(body[1] == 'm' ? "/api/chat" : "/api/generate", $$"""{"stream":false,{{body}}{{options}}}""");
        }

        Assert.Equal([expected, expected, expected], generator.Requests.Select(static request => request.MaxTokens));
    }

    [Theory]
    [InlineData("/api/chat", "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]")]
    [InlineData("/api/generate", "\"prompt\":\"a\"")]
    [InlineData("/api/generate", "\"prompt\":\"a\",\"raw\":true")]
    public async Task Log_probabilities_come_beside_the_text(string path, string prompt)
    {
        string body = $$"""{{{prompt}},"logprobs":true,"top_logprobs":2,"options":{"num_predict":3,"temperature":0},"stream":""";
        JsonElement whole = await demo.Server.OkAsync(path, body + "false}");
        JsonElement[] tokens = [.. whole.GetProperty("logprobs").EnumerateArray()];
        Assert.Equal(whole.GetProperty("eval_count").GetInt32(), tokens.Length);
        Assert.All(tokens, token => Assert.Equal(2, token.GetProperty("top_logprobs").GetArrayLength()));
        Assert.All(tokens, token => Assert.True(token.GetProperty("logprob").GetDouble() <= 0 && token.GetProperty("bytes").GetArrayLength() > 0));

        using HttpResponseMessage response = await demo.Server.Client.PostAsync(path, TestServer.Content(body + "true}"));
        JsonElement[] streamed = [.. (await response.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.TryGetProperty("logprobs", out _)).SelectMany(line => line.GetProperty("logprobs").EnumerateArray())];
        Assert.Equal(tokens.Select(Token), streamed.Select(Token));

        static string Token(JsonElement token) => token.GetProperty("token").GetString()!;
    }

    [Fact]
    public async Task Errors_of_the_server_have_ollamas_form()
    {
        await using TestServer server = await new ScriptedGenerator { Text = "yes" }.ServeAsync(options => (options.Limits.RequestsPerMinute, options.MaxBodyBytes) = (4, 2000));
        const string Path = "/api/chat";
        Assert.Contains("at most 2000 bytes", await ErrorAsync(server, 413, Path, new string('a', 3000)), StringComparison.Ordinal);
        Assert.Contains("not valid JSON", await ErrorAsync(server, 400, Path, "{"), StringComparison.Ordinal);
        Assert.Contains("There is nothing at", await ErrorAsync(server, 404, "/api/pull", "{}"), StringComparison.Ordinal);
        await server.PostAsync(Path, "{}");
        await server.PostAsync(Path, "{}");
        Assert.Contains("requests allowed per minute", await ErrorAsync(server, 429, Path, "{}"), StringComparison.Ordinal);

        await using TestServer closed = await TestServer.StartAsync(options => options.Keys.Add(new ApiKeyOptions { Name = "a", Sha256 = new string('0', 64) }));
        Assert.Contains("An API key is needed", await ErrorAsync(closed, 401, Path, "{}"), StringComparison.Ordinal);

        ScriptedGenerator broken = new();
        broken.SubmitFailures.Enqueue(new NotSupportedException("secret"));
        await using TestServer failing = await broken.ServeAsync();
        Assert.Contains("The server failed", await ErrorAsync(failing, 500, Path, """{"messages":[{"role":"user","content":"a"}]}"""), StringComparison.Ordinal);

        await using TestServer empty = await TestServer.StartEmptyAsync();
        Assert.Contains("loading", await ErrorAsync(empty, 503, Path, "{}"), StringComparison.Ordinal);

        static async Task<string> ErrorAsync(TestServer server, int expected, string path, string body)
        {
            (int status, JsonElement json) = await server.PostAsync(path, body);
            Assert.Equal((expected, JsonValueKind.String), (status, json.GetProperty("error").ValueKind));
            return json.GetProperty("error").GetString()!;
        }
    }

    [Fact]
    public async Task Unknown_parameters_and_options_are_refused_if_the_setting_says_so()
    {
        await using TestServer server = await new ScriptedGenerator { Text = "yes" }.ServeAsync(options => options.UnknownParameters = UnknownParameterPolicy.Refuse);
        await server.OkAsync("/api/chat", Chat("\"tools\":[],\"format\":\"\",\"keep_alive\":\"5m\",\"think\":false,\"logprobs\":false"));
        await server.OkAsync("/api/generate", """{"model":"scripted","prompt":"a","suffix":"","context":[],"stream":false,"raw":true,"options":{"num_ctx":4096,"temperature":0,"mirostat":0,"repeat_last_n":-1}}""");
        await server.OkAsync("/api/show", """{"model":"scripted","verbose":true}""");
        (int status, JsonElement json) = await server.PostAsync("/api/chat", Chat("\"options\":{\"temprature\":1}"));
        Assert.Equal((400, "options.temprature is not a parameter of /api/chat; this server refuses unknown parameters."), (status, json.GetProperty("error").GetString()));
        (status, json) = await server.PostAsync("/api/chat", Chat("\"options.temperature\":1"));
        Assert.Equal((400, "options.temperature is not a parameter of /api/chat; this server refuses unknown parameters."), (status, json.GetProperty("error").GetString()));
        (status, json) = await server.PostAsync("/api/generate", """{"prompt":"a","messages":[]}""");
        Assert.Equal((400, "messages is not a parameter of /api/generate; this server refuses unknown parameters."), (status, json.GetProperty("error").GetString()));
    }

    private static string Chat(string more) => $$"""{"messages":[{"role":"user","content":"hi"}],"stream":false,"options":{"num_predict":60},{{more}}}""";
}
