using System.ClientModel;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using OpenAI;
using OpenAI.Chat;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>OpenAI's clients for C# and JavaScript run the same scenarios against the server.</summary>
public sealed class OfficialClientTests : IAsyncLifetime
{
    private const string Key = "sk-0123456789abcdef", Model = "demo-model", Paris = "The capital of France is Paris.";

    private const string Person = """
        {"type":"object","properties":{"name":{"type":"string","minLength":1,"maxLength":10},"age":{"type":"integer","minimum":0,"maximum":130}},
        "required":["name","age"],"additionalProperties":false}
        """;

    private TestServer _server = null!;
    private ChatClient _chat = null!;

    private static ChatMessage[] Question => [new UserChatMessage("What is the capital of France?")];

    public async Task InitializeAsync()
    {
        _server = await TestServer.StartAsync(options => options.Keys.Add(
            new ApiKeyOptions { Name = "test", Sha256 = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Key))) }));
        _chat = Client(Key).GetChatClient(Model);
    }

    public async Task DisposeAsync()
    {
        await _server.WaitUntilIdleAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task CSharp_models()
    {
        OpenAI.Models.OpenAIModelCollection models = await Client(Key).GetOpenAIModelClient().GetModelsAsync();
        Assert.Equal([Model], models.Select(m => m.Id));
    }

    [Fact]
    public async Task CSharp_chat()
    {
        ChatCompletion answer = await _chat.CompleteChatAsync(Question);
        Assert.Equal(Paris, answer.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.Equal(answer.Usage.TotalTokenCount, answer.Usage.InputTokenCount + answer.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task CSharp_stream()
    {
        (string text, ChatFinishReason? finish, ChatTokenUsage? usage) = await CollectAsync();
        Assert.Equal((Paris, ChatFinishReason.Stop), (text, finish));
        Assert.True(usage!.OutputTokenCount > 0);
    }

    [Fact]
    public async Task CSharp_logprobs()
    {
        ChatCompletion answer = await _chat.CompleteChatAsync(Question, new ChatCompletionOptions { IncludeLogProbabilities = true, TopLogProbabilityCount = 2 });
        Assert.Equal(Paris, string.Concat(answer.ContentTokenLogProbabilities.Select(t => t.Token)));
        Assert.All(answer.ContentTokenLogProbabilities, t => Assert.Equal(2, t.TopLogProbabilities.Count));
    }

    [Fact]
    public async Task CSharp_stop_and_length()
    {
        ChatCompletion stopped = await _chat.CompleteChatAsync(Question, new ChatCompletionOptions { StopSequences = { " of" } });
        Assert.Equal("The capital", stopped.Content[0].Text);
        ChatCompletion cut = await _chat.CompleteChatAsync(Question, new ChatCompletionOptions { MaxOutputTokenCount = 2 });
        Assert.Equal(ChatFinishReason.Length, cut.FinishReason);
    }

    [Fact]
    public async Task CSharp_tools()
    {
        ChatCompletionOptions options = new() { Tools = { ChatTool.CreateFunctionTool("weather", "d", BinaryData.FromString("""{"type":"object"}""")) } };
        ChatCompletion plain = await _chat.CompleteChatAsync(Question, options);
        Assert.Equal(Paris, plain.Content[0].Text);

        await using TestServer scripted = await new ScriptedGenerator
        {
            Text = """<tool_calls>[{"name": "weather", "arguments": {"city": "Paris"}}]</tool_calls>""",
        }.ServeAsync();
        ChatClient chat = new OpenAIClient(
            new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(scripted.Address, "/v1") }).GetChatClient("scripted");
        ChatCompletion called = await chat.CompleteChatAsync(Question, options);
        Assert.Equal(ChatFinishReason.ToolCalls, called.FinishReason);
        Assert.Equal(("weather", """{"city": "Paris"}"""), (called.ToolCalls[0].FunctionName, called.ToolCalls[0].FunctionArguments.ToString()));
        StringBuilder arguments = new();
        await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync(Question, options))
        {
            foreach (StreamingChatToolCallUpdate call in update.ToolCallUpdates)
            {
                arguments.Append(call.FunctionArgumentsUpdate);
            }
        }

        Assert.Equal("""{"city": "Paris"}""", arguments.ToString());
    }

    [Fact]
    public async Task CSharp_json()
    {
        ChatCompletion schema = await _chat.CompleteChatAsync(
            Question, new ChatCompletionOptions { ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("person", BinaryData.FromString(Person), null, true), MaxOutputTokenCount = 200 });
        Assert.Equal(ChatFinishReason.Stop, schema.FinishReason);
        using JsonDocument person = JsonDocument.Parse(schema.Content[0].Text);
        Assert.True(new JsonSchemaValidator(Person).IsValid(person.RootElement), schema.Content[0].Text);

        ChatCompletion any = await _chat.CompleteChatAsync(
            Question, new ChatCompletionOptions { ResponseFormat = ChatResponseFormat.CreateJsonObjectFormat(), MaxOutputTokenCount = 1000 });
        Assert.StartsWith("{", any.Content[0].Text.TrimStart(), StringComparison.Ordinal);

        ClientResultException wrong = await Assert.ThrowsAsync<ClientResultException>(() => _chat.CompleteChatAsync(
            Question, new ChatCompletionOptions { ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("s", BinaryData.FromString("""{"not":{}}""")) }));
        Assert.Equal(400, wrong.Status);
    }

    [Fact]
    public async Task CSharp_tools_that_must_be_called()
    {
        ChatTool[] tools = [ChatTool.CreateFunctionTool("person", "d", BinaryData.FromString(Person)), ChatTool.CreateFunctionTool("other", "d", BinaryData.FromString(Person))];
        ChatCompletion required = await _chat.CompleteChatAsync(
            Question, new ChatCompletionOptions { Tools = { tools[0], tools[1] }, ToolChoice = ChatToolChoice.CreateRequiredChoice(), AllowParallelToolCalls = false, MaxOutputTokenCount = 200 });
        Assert.Equal(ChatFinishReason.ToolCalls, required.FinishReason);
        Check(Assert.Single(required.ToolCalls).FunctionArguments.ToString());

        ChatCompletionOptions named = new() { Tools = { tools[0], tools[1] }, ToolChoice = ChatToolChoice.CreateFunctionChoice("other"), MaxOutputTokenCount = 200 };
        ChatCompletion called = await _chat.CompleteChatAsync(Question, named);
        Assert.Equal(ChatFinishReason.Stop, called.FinishReason);
        ChatToolCall call = Assert.Single(called.ToolCalls);
        Assert.Equal("other", call.FunctionName);
        Check(call.FunctionArguments.ToString());
        StringBuilder arguments = new();
        await foreach (StreamingChatCompletionUpdate update in _chat.CompleteChatStreamingAsync(Question, named))
        {
            arguments.AppendJoin("", update.ToolCallUpdates.Select(part => part.FunctionArgumentsUpdate?.ToString()));
        }

        Assert.Equal(call.FunctionArguments.ToString(), arguments.ToString());

        static void Check(string json)
        {
            using JsonDocument document = JsonDocument.Parse(json);
            Assert.True(new JsonSchemaValidator(Person).IsValid(document.RootElement), json);
        }
    }

    [Fact]
    public async Task CSharp_errors()
    {
        ClientResultException wrong = await Assert.ThrowsAsync<ClientResultException>(
            () => _chat.CompleteChatAsync(Question, new ChatCompletionOptions { Temperature = -1 }));
        Assert.Equal(400, wrong.Status);
        Assert.Contains("temperature", wrong.Message, StringComparison.Ordinal);
        Assert.Equal(404, (await Assert.ThrowsAsync<ClientResultException>(() => Client(Key).GetChatClient("other").CompleteChatAsync(Question))).Status);
        Assert.Equal(401, (await Assert.ThrowsAsync<ClientResultException>(() => Client("wrong").GetChatClient(Model).CompleteChatAsync(Question))).Status);
    }

    [Fact]
    public async Task CSharp_cancel()
    {
        int updates = 0;
        await foreach (StreamingChatCompletionUpdate _ in _chat.CompleteChatStreamingAsync(Question, new ChatCompletionOptions { MaxOutputTokenCount = 3000 }))
        {
            if (++updates == 3)
            {
                break;
            }
        }

        Assert.Equal(3, updates);
    }

    [Fact]
    public async Task CSharp_parallel()
    {
        (string Text, ChatFinishReason? Finish, ChatTokenUsage?)[] answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => CollectAsync()));
        Assert.All(answers, answer => Assert.Equal((Paris, ChatFinishReason.Stop), (answer.Text, answer.Finish)));
    }

    [SkippableFact]
    public Task JavaScript_scenarios() => ClientScenarios.RunOpenAIAsync(_server.Address, Key);

    [SkippableFact]
    public async Task The_readmes_javascript_lines_work()
    {
        string folder = await ClientScenarios.OpenAI.InstallAsync();
        string file = Path.Combine(folder, "readme.mjs");
        await File.WriteAllTextAsync(file, Readme("js"));
        (int code, string output) = await NpmPackage.RunAsync("node", folder, file);
        Assert.Equal((0, "3 + 5 = 8.\n"), (code, output));
    }

    [SkippableFact]
    public async Task The_readmes_python_lines_work()
    {
        string folder = Directory.CreateTempSubdirectory("hunyuan-").FullName;
        (int found, _) = await NpmPackage.RunAsync("python3", folder, "-c", "import openai");
        Skip.If(found != 0, "OpenAI's client for Python is not installed.");
        (int code, string output) = await NpmPackage.RunAsync("python3", folder, "-c", Readme("python"));
        Assert.Equal((0, "3 + 5 = 8.\n"), (code, output));
    }

    [Fact]
    public async Task The_readmes_csharp_lines_work()
    {
        // The same lines as in the README, except for the address and the use of the answer.
        var client = new OpenAI.OpenAIClient(new System.ClientModel.ApiKeyCredential(Key), new() { Endpoint = new Uri(_server.Address, "/v1") });
        string answer = client.GetChatClient("demo-model").CompleteChat(new OpenAI.Chat.UserChatMessage("What is 3+5?")).Value.Content[0].Text;
        Assert.Equal("3 + 5 = 8.", answer);
        string lines = await File.ReadAllTextAsync(Path.Combine(TestPaths.Root, "README.md"));
        string[] here =
        [
            "var client = new OpenAI.OpenAIClient(new System.ClientModel.ApiKeyCredential(\"none\"), new() { Endpoint = new Uri(\"http://127.0.0.1:8020/v1\") });",
            "Console.WriteLine(client.GetChatClient(\"demo-model\").CompleteChat(new OpenAI.Chat.UserChatMessage(\"What is 3+5?\")).Value.Content[0].Text);",
        ];
        Assert.Contains($"```csharp\n{string.Join('\n', here)}\n```", lines, StringComparison.Ordinal);
    }

    /// <summary>The README's code in a language, with this server's address and key.</summary>
    private string Readme(string language)
    {
        string text = File.ReadAllText(Path.Combine(TestPaths.Root, "README.md"));
        string mark = $"```{language}\n";
        int start = text.IndexOf(mark, StringComparison.Ordinal) + mark.Length;
        return text[start..text.IndexOf("```", start, StringComparison.Ordinal)]
            .Replace("http://127.0.0.1:8020", _server.Address.ToString().TrimEnd('/'), StringComparison.Ordinal)
            .Replace("\"none\"", $"\"{Key}\"", StringComparison.Ordinal);
    }

    private OpenAIClient Client(string key) => new(
        new ApiKeyCredential(key),
        new OpenAIClientOptions { Endpoint = new Uri(_server.Address, "/v1"), RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(0) });

    private async Task<(string Text, ChatFinishReason? Finish, ChatTokenUsage? Usage)> CollectAsync()
    {
        StringBuilder text = new();
        ChatFinishReason? finish = null;
        ChatTokenUsage? usage = null;
        await foreach (StreamingChatCompletionUpdate update in _chat.CompleteChatStreamingAsync(Question))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            finish = update.FinishReason ?? finish;
            usage = update.Usage ?? usage;
        }

        return (text.ToString(), finish, usage);
    }
}
