using System.ClientModel;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Silo.Tests.Support;
using HunyuanOrleans.TestSupport;
using OllamaSharp;
using OllamaSharp.Models;
using OllamaSharp.Models.Chat;
using OpenAI;
using OpenAI.Chat;
using Xunit;
using ChatRole = OllamaSharp.Models.Chat.ChatRole;

namespace HunyuanOrleans.Silo.Tests;

/// <summary>All APIs of a real cluster give the same answers through every silo, and go on when a silo is killed.</summary>
public sealed class DoorTests
{
    private const string Question = "What is the capital of France?", Paris = "The capital of France is Paris.";

    private const string Person =
        """{"type":"object","properties":{"name":{"type":"string","minLength":3,"maxLength":12},"age":{"type":"integer","minimum":0,"maximum":130}},"required":["name","age"],"additionalProperties":false}""";

    [Fact]
    public async Task Every_api_gives_the_same_answer_through_every_silo()
    {
        string[] flags = ["--model", TestPaths.DemoModel, "--memory", "1GB"];
        await using TestSilo first = TestSilo.Start(flags);
        await using TestSilo last = TestSilo.Start([.. flags, "--primary-endpoint", $"127.0.0.1:{first.SiloPort}"]);
        await last.SeesAsync(2);
        foreach (TestSilo silo in new[] { first, last })
        {
            await silo.ReadyAsync();
            Uri address = new($"http://127.0.0.1:{silo.HttpPort}");
            using HttpClient http = new() { BaseAddress = address, Timeout = Wait.Limit };

            ChatClient chat = new OpenAIClient(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(address, "v1") }).GetChatClient("demo-model");
            StringBuilder text = new();
            await foreach (StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync(
                [new UserChatMessage(Question)], new ChatCompletionOptions { Temperature = 0 }))
            {
                text.Append(string.Concat(update.ContentUpdate.Select(static part => part.Text)));
            }

            Assert.Equal(Paris, text.ToString());
            ChatCompletion call = await chat.CompleteChatAsync([new UserChatMessage(Question)], new ChatCompletionOptions
            {
                Tools = { ChatTool.CreateFunctionTool("person", "d", BinaryData.FromString(Person)) },
                ToolChoice = ChatToolChoice.CreateRequiredChoice(),
                AllowParallelToolCalls = false,
                Temperature = 0,
                MaxOutputTokenCount = 300,
            });
            Assert.Equal(ChatFinishReason.ToolCalls, call.FinishReason);
            using JsonDocument arguments = JsonDocument.Parse(Assert.Single(call.ToolCalls).FunctionArguments);
            Assert.InRange(arguments.RootElement.GetProperty("age").GetInt32(), 0, 130);

            text.Clear();
            using OllamaApiClient ollama = new(address, "demo-model");
            await foreach (ChatResponseStream? part in ollama.ChatAsync(
                new ChatRequest { Messages = [new Message(ChatRole.User, Question)], Options = new RequestOptions { Temperature = 0 } }))
            {
                text.Append(part!.Message.Content);
            }

            Assert.Equal(Paris, text.ToString());
            JsonElement response = await PostAsync(http, "/v1/responses", new { input = Question, temperature = 0 });
            Assert.Equal(Paris, response.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
            JsonElement message = await PostAsync(
                http, "/v1/messages", new { max_tokens = 40, temperature = 0, messages = new[] { new { role = "user", content = Question } } });
            Assert.Equal(Paris, message.GetProperty("content")[0].GetProperty("text").GetString());

            JsonElement scored = await PostAsync(http, "/v1/completions", new { prompt = new[] { 5, 6, 7, 8 }, max_tokens = 1, temperature = 0, echo = true, logprobs = 1 });
            Assert.Equal(5, scored.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("token_logprobs").GetArrayLength());
            JsonElement formed = await PostAsync(http, "/v1/completions", new { prompt = "a", max_tokens = 20, grammar = "root ::= \"x\" [0-9]{3} \"y\"" });
            Assert.Matches("^x[0-9]{3}y$", formed.GetProperty("choices")[0].GetProperty("text").GetString());
        }
    }

    [Fact]
    public async Task Reasoning_mandatory_calls_and_forms_survive_a_killed_silo_with_the_same_text()
    {
        using TempFolder folder = TempFolder.CopyOf(TestPaths.DemoModel);
        folder.Write("chat_template.jinja", "{{ messages[-1].content }}{{ '<think>\\n' }}");
        string[] flags = ["--model", folder.Root, "--model-name", "thinker", "--memory", "1GB"];
        await using TestSilo gateway = TestSilo.Start(flags);
        string[] join = [.. flags, "--primary-endpoint", $"127.0.0.1:{gateway.SiloPort}"];
        await using TestSilo second = TestSilo.Start(join);
        await using TestSilo third = TestSilo.Start(join);
        await gateway.SeesAsync(3);
        await gateway.ReadyAsync();
        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{gateway.HttpPort}"), Timeout = Wait.Limit };
        object[] requests = [.. Enumerable.Range(0, 12).Select(Request), Long];
        string[] expected = await Task.WhenAll(requests.Select(request => AnswerAsync(http, request)));
        Assert.All(expected, static answer => Assert.DoesNotContain("thought: content:", answer, StringComparison.Ordinal));
        Assert.Contains(expected, static answer => answer.Contains("call:", StringComparison.Ordinal));

        foreach (TestSilo victim in new[] { second, third })
        {
            Task<string>[] running = [.. requests.Select(request => AnswerAsync(http, request))];
            await Task.WhenAny(running);
            victim.Kill();
            Assert.False(running[^1].IsCompleted);
            Assert.Equal(expected, await Task.WhenAll(running));
        }
    }

    // Several times as long as the others, so that it surely runs when the first of them is complete.
    private static object Long => new { messages = new[] { new { role = "user", content = "Question" } }, seed = 99, temperature = 1, max_tokens = 900, ignore_eos = true };

    private static object Request(int seed) => seed % 2 == 0
        ? new
        {
            messages = new[] { new { role = "user", content = $"Question {seed}" } }, seed, temperature = 1, max_tokens = 220, thinking_token_budget = 60,
            response_format = new { type = "json_schema", json_schema = new { name = "person", schema = JsonSerializer.Deserialize<JsonElement>(Person) } },
        }
        : new
        {
            messages = new[] { new { role = "user", content = $"Question {seed}" } }, seed, temperature = 1, max_tokens = 220, thinking_token_budget = 60,
            tools = new[] { new { type = "function", function = new { name = "person", parameters = JsonSerializer.Deserialize<JsonElement>(Person) } } },
            tool_choice = "required", parallel_tool_calls = false,
        };

    // Without the call's id, which is new in each answer.
    private static async Task<string> AnswerAsync(HttpClient http, object request)
    {
        JsonElement message = (await PostAsync(http, "/v1/chat/completions", request)).GetProperty("choices")[0].GetProperty("message");
        string calls = message.TryGetProperty("tool_calls", out JsonElement list) ? " call:" + list[0].GetProperty("function").GetRawText() : "";
        return $"thought:{message.GetProperty("reasoning_content").GetString()} content:{message.GetProperty("content").GetString()}{calls}";
    }

    private static async Task<JsonElement> PostAsync(HttpClient http, string path, object body)
    {
        using HttpResponseMessage response = await http.PostAsJsonAsync(path, body);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }
}
