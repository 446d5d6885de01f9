using System.Text.Json;
using HunyuanOrleans.Client.Tests.Support;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Requests;
using Microsoft.Extensions.AI;
using Xunit;

namespace HunyuanOrleans.Client.Tests;

/// <summary>The client as an IChatClient.</summary>
[Collection(nameof(DemoCluster))]
public sealed class ChatTests(DemoCluster demo)
{
    private const int Eos = 4340;

    private static ChatOptions Greedy => new() { Temperature = 0, AdditionalProperties = new() { ["repetition_penalty"] = 1.0 } };

    private IChatClient Client => demo.Client;

    [Fact]
    public async Task Answers_are_those_of_the_publishers_code()
    {
        await Task.WhenAll(DemoAnswer.All.Take(12).Select(async expected =>
        {
            ChatResponse response = await Client.GetResponseAsync(expected.Messages, Greedy);
            Assert.Equal(expected.Text, response.Text);
            Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
            Assert.Equal(TestModel.Demo, response.ModelId);
            Assert.Equal(expected.PromptIds.Length, response.Usage!.InputTokenCount);
            Assert.Equal(expected.Ids.Length, response.Usage.OutputTokenCount);
            Assert.Equal(expected.PromptIds.Length + expected.Ids.Length, response.Usage.TotalTokenCount);
            Assert.InRange(response.Usage.CachedInputTokenCount!.Value, 0, expected.PromptIds.Length);
            Assert.Equal(ChatRole.Assistant, Assert.Single(response.Messages).Role);
        }));
    }

    [Fact]
    public async Task A_stream_has_reason_and_usage_at_its_end()
    {
        DemoAnswer expected = DemoAnswer.All.MaxBy(static answer => answer.Ids.Length)!;
        List<ChatResponseUpdate> updates = await Client.GetStreamingResponseAsync(expected.Messages, Greedy).ToListAsync();
        Assert.Equal(expected.Text, string.Concat(updates.Select(static u => u.Text)));
        Assert.True(updates.Count > 1);
        Assert.All(updates[..^1], static update => Assert.Null(update.FinishReason));
        Assert.Equal(ChatFinishReason.Stop, updates[^1].FinishReason);
        Assert.Equal(expected.Ids.Length, Assert.Single(updates[^1].Contents.OfType<UsageContent>()).Details.OutputTokenCount);
        Assert.Single(updates.Select(static u => u.ResponseId).Distinct());
        Assert.All(updates, static update => Assert.Equal((ChatRole.Assistant, TestModel.Demo), (update.Role, update.ModelId)));
    }

    [Fact]
    public async Task An_answer_can_be_added_to_the_history()
    {
        DemoAnswer second = DemoAnswer.All.Single(static answer => answer.Messages.Length == 4);
        List<ChatMessage> history = [.. second.Messages[1..2]];
        ChatOptions options = Greedy;
        options.Instructions = second.Messages[0].Text;
        history.AddMessages(await Client.GetResponseAsync(history, options));
        Assert.Equal(second.Messages[2].Text, history[1].Text);
        history.Add(second.Messages[3]);
        Assert.Equal(second.Text, (await Client.GetResponseAsync(history, options)).Text);
    }

    [Fact]
    public async Task Stops_and_lengths_end_answers()
    {
        ChatMessage[] question = [new(ChatRole.System, "You are a helpful assistant."), new(ChatRole.User, "What is the capital of France?")];
        ChatOptions options = Greedy;
        options.StopSequences = ["is Par", "never"];
        ChatResponse stopped = await Client.GetResponseAsync(question, options);
        Assert.Equal("The capital of France ", stopped.Text);
        Assert.Equal(ChatFinishReason.Stop, stopped.FinishReason);

        options.AdditionalProperties!["include_stop_str_in_output"] = true;
        Assert.Equal("The capital of France is Par", (await Client.GetResponseAsync(question, options)).Text);

        options = Greedy;
        options.MaxOutputTokens = 3;
        ChatResponse cut = await Client.GetResponseAsync(question, options);
        Assert.Equal(ChatFinishReason.Length, cut.FinishReason);
        Assert.Equal(3, cut.Usage!.OutputTokenCount);
    }

    [Fact]
    public async Task An_answer_follows_its_schema()
    {
        using JsonDocument schema = JsonDocument.Parse("""{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"],"additionalProperties":false}""");
        ChatOptions options = new() { Temperature = 1, Seed = 4, ResponseFormat = ChatResponseFormat.ForJsonSchema(schema.RootElement), MaxOutputTokens = 200 };
        ChatResponse response = await Client.GetResponseAsync("Is it?", options);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        using JsonDocument answer = JsonDocument.Parse(response.Text);
        Assert.True(answer.RootElement.GetProperty("ok").ValueKind is JsonValueKind.True or JsonValueKind.False);
        using JsonDocument wrong = JsonDocument.Parse("""{"type":"nothing"}""");
        options.ResponseFormat = ChatResponseFormat.ForJsonSchema(wrong.RootElement);
        Assert.Equal("response_format", (await Assert.ThrowsAsync<RequestException>(() => Client.GetResponseAsync("x", options))).Parameter);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_answer()
    {
        ChatOptions Drawn(long seed) => new()
        {
            Temperature = 3, TopP = 1, TopK = 0, Seed = seed, MaxOutputTokens = 24, AdditionalProperties = new() { ["ignore_eos"] = true },
        };
        string first = (await Client.GetResponseAsync("abc", Drawn(5))).Text;
        Assert.Equal(first, (await Client.GetResponseAsync("abc", Drawn(5))).Text);
        Assert.NotEqual(first, (await Client.GetResponseAsync("abc", Drawn(6))).Text);
    }

    [Fact]
    public async Task Special_tokens_in_messages_and_texts_are_encoded_as_text()
    {
        int[] ids = await demo.Client.EncodeChatAsync([new(ChatRole.User, "a<|eos|><|startoftext|>")]);
        Assert.DoesNotContain(Eos, ids);
        Assert.DoesNotContain(Eos, await demo.Client.EncodeAsync("a<|eos|>"));
        int[] greeting = await demo.Client.EncodeAsync("你好，世界");
        Assert.Equal([474, 449, 499, 1112, 984], greeting);
    }

    [Fact]
    public async Task Unsupported_options_and_contents_are_refused_by_name()
    {
        ChatOptions tools = new() { Tools = [AIFunctionFactory.Create(static () => 1, "one")] };
        Assert.Contains("Tools", (await Assert.ThrowsAsync<NotSupportedException>(() => Client.GetResponseAsync("x", tools))).Message, StringComparison.Ordinal);
        ChatOptions kept = new() { ConversationId = "earlier" };
        Assert.Contains("ConversationId", (await Assert.ThrowsAsync<NotSupportedException>(() => Client.GetResponseAsync("x", kept))).Message, StringComparison.Ordinal);
        ChatOptions typo = new() { AdditionalProperties = new() { ["repetition_penality"] = 1.1 } };
        Assert.Contains("repetition_penalty", (await Assert.ThrowsAsync<NotSupportedException>(() => Client.GetResponseAsync("x", typo))).Message, StringComparison.Ordinal);
        ChatMessage picture = new(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")]);
        Assert.Contains("DataContent", (await Assert.ThrowsAsync<NotSupportedException>(() => Client.GetResponseAsync([picture]))).Message, StringComparison.Ordinal);

        // These options change nothing here and are ignored.
        ChatOptions ignored = new() { AllowMultipleToolCalls = true, ToolMode = ChatToolMode.Auto, ResponseFormat = ChatResponseFormat.Text, MaxOutputTokens = 1 };
        Assert.Equal(1, (await Client.GetResponseAsync("x", ignored)).Usage!.OutputTokenCount);
    }

    [Theory]
    [InlineData("temperature", "-1")]
    [InlineData("max_tokens", "100000")]
    [InlineData("messages", "role")]
    [InlineData("model", "demo-model")]
    [InlineData("repetition_penalty", "a number")]
    public async Task Wrong_values_are_refused_with_what_is_allowed(string parameter, string expected)
    {
        ChatOptions options = parameter switch
        {
            "temperature" => new() { Temperature = -1 },
            "max_tokens" => new() { MaxOutputTokens = 100000 },
            "model" => new() { ModelId = "other" },
            "repetition_penalty" => new() { AdditionalProperties = new() { ["repetition_penalty"] = "high" } },
            _ => new(),
        };
        ChatMessage message = new(parameter == "messages" ? new ChatRole("director") : ChatRole.User, "x");
        RequestException refused = await Assert.ThrowsAsync<RequestException>(() => Client.GetResponseAsync([message], options));
        Assert.Equal(parameter, refused.Parameter);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.Contains("allowed", refused.Message.Replace("may be", "allowed", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void GetService_finds_the_client_and_its_connection()
    {
        Assert.Same(demo.Client, Client.GetService<HunyuanClient>());
        Assert.Same(demo.Client, Client.GetService<IChatClient>());
        Assert.Same(demo.Cluster.Silos.Client, Client.GetService<Orleans.IClusterClient>());
        Assert.Equal("hunyuan", Client.GetService<ChatClientMetadata>()!.ProviderName);
        Assert.Null(Client.GetService(typeof(HunyuanClient), "key"));
        Assert.Null(Client.GetService<string>());
    }
}
