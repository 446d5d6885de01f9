#pragma warning disable OPENAI001 // The client's part for responses may still change.
using System.ClientModel;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using OpenAI;
using OpenAI.Responses;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>OpenAI's client for C# with /v1/responses. <see cref="OfficialClientTests"/> has the scenarios of the one for JavaScript.</summary>
public sealed class OfficialResponsesTests(DemoServer demo) : IClassFixture<DemoServer>
{
    private const string Model = "demo-model", Question = "What is the capital of France?", Paris = "The capital of France is Paris.",
        Person = """{"type":"object","properties":{"age":{"type":"integer","minimum":0,"maximum":130}},"required":["age"],"additionalProperties":false}""";

    private readonly ResponsesClient _client = Client(demo.Server);

    [Fact]
    public async Task Text()
    {
        ResponseResult response = await _client.CreateResponseAsync(Ask(Question, Model));
        Assert.Equal((Paris, ResponseStatus.Completed), (response.GetOutputText(), response.Status));
        Assert.Equal(response.Usage.TotalTokenCount, response.Usage.InputTokenCount + response.Usage.OutputTokenCount);
        CreateResponseOptions options = Ask(Question, Model);
        options.MaxOutputTokenCount = 2;
        ResponseResult cut = await _client.CreateResponseAsync(options);
        Assert.Equal(ResponseStatus.Incomplete, cut.Status);
    }

    [Fact]
    public async Task Stream()
    {
        StringBuilder text = new();
        ResponseResult? final = null;
        await foreach (StreamingResponseUpdate update in await _client.CreateResponseStreamingAsync(Ask(Question, Model, stream: true)))
        {
            text.Append((update as StreamingResponseOutputTextDeltaUpdate)?.Delta);
            final = (update as StreamingResponseCompletedUpdate)?.Response ?? final;
        }

        Assert.Equal((Paris, Paris), (text.ToString(), final?.GetOutputText()));
    }

    [Fact]
    public async Task Reasoning_and_tools()
    {
        await using TestServer server = await new ScriptedGenerator
        {
            Text = "<think>\nhm\n</think>\n<answer>\n<tool_calls>[{\"name\": \"weather\", \"arguments\": {\"city\": \"Paris\"}}]</tool_calls>",
        }.ServeAsync(options => options.ReasoningParser = "hunyuan");
        ResponsesClient client = Client(server);
        CreateResponseOptions options = Ask(Question, "scripted");
        options.Tools.Add(ResponseTool.CreateFunctionTool("weather", BinaryData.FromString("""{"type":"object"}"""), strictModeEnabled: false, "d"));
        ResponseResult response = await client.CreateResponseAsync(options);
        Assert.IsType<ReasoningResponseItem>(response.OutputItems[0]);
        FunctionCallResponseItem call = Assert.IsType<FunctionCallResponseItem>(response.OutputItems[1]);
        Assert.Equal(("weather", """{"city": "Paris"}"""), (call.FunctionName, call.FunctionArguments.ToString()));

        // The items go back as they came.
        CreateResponseOptions next = Ask(Question, "scripted", stream: true);
        next.Tools.Add(options.Tools[0]);
        foreach (ResponseItem item in response.OutputItems)
        {
            next.InputItems.Add(item);
        }

        next.InputItems.Add(ResponseItem.CreateFunctionCallOutputItem(call.CallId, "rain"));
        StringBuilder arguments = new();
        await foreach (StreamingResponseUpdate update in await client.CreateResponseStreamingAsync(next))
        {
            arguments.Append((update as StreamingResponseFunctionCallArgumentsDeltaUpdate)?.Delta);
        }

        Assert.Equal("""{"city": "Paris"}""", arguments.ToString());
    }

    [Fact]
    public async Task Json()
    {
        CreateResponseOptions options = Ask(Question, Model);
        options.MaxOutputTokenCount = 200;
        options.TextOptions = new ResponseTextOptions
        {
            TextFormat = ResponseTextFormat.CreateJsonSchemaFormat("person", BinaryData.FromString(Person), null, jsonSchemaIsStrict: true),
        };
        ResponseResult response = await _client.CreateResponseAsync(options);
        using JsonDocument person = JsonDocument.Parse(response.GetOutputText());
        Assert.True(new JsonSchemaValidator(Person).IsValid(person.RootElement), response.GetOutputText());
    }

    [Fact]
    public async Task Kept_or_not()
    {
        ResponseResult first = await _client.CreateResponseAsync(Ask(Question, Model));
        CreateResponseOptions options = Ask("What is 3+5?", Model);
        options.PreviousResponseId = first.Id;
        ResponseResult second = await _client.CreateResponseAsync(options);
        Assert.Equal(first.Id, second.PreviousResponseId);
        ResponseResult read = await _client.GetResponseAsync(first.Id);
        Assert.Equal(Paris, read.GetOutputText());
        await _client.DeleteResponseAsync(first.Id);
        Assert.Equal(404, (await Assert.ThrowsAsync<ClientResultException>(() => _client.GetResponseAsync(first.Id))).Status);

        options = Ask(Question, Model);
        options.StoredOutputEnabled = false;
        ResponseResult unkept = await _client.CreateResponseAsync(options);
        Assert.Equal(404, (await Assert.ThrowsAsync<ClientResultException>(() => _client.GetResponseAsync(unkept.Id))).Status);
    }

    private static ResponsesClient Client(TestServer server) => new OpenAIClient(
        new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(server.Address, "/v1") }).GetResponsesClient();

    private static CreateResponseOptions Ask(string question, string model, bool stream = false)
    {
        CreateResponseOptions options = new() { Model = model, StreamingEnabled = stream };
        options.InputItems.Add(ResponseItem.CreateUserMessageItem(question));
        return options;
    }
}
