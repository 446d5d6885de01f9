using System.Text.Json;
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
    [InlineData("/api/generate", """{"prompt":"a","think":true}""", 400, "This model does not reason; leave reasoning_effort out, or send \"none\".")]
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

    private static string Chat(string more) => $$"""{"messages":[{"role":"user","content":"hi"}],"stream":false,"options":{"num_predict":60},{{more}}}""";
}
