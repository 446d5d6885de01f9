using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>Requests name adapters as their model, on every API, and administrators add and remove them.</summary>
public sealed class AdapterTests : IDisposable
{
    private const string Admin = "sk-admin-0123456789", User = "sk-user-0123456789";
    private static readonly string[] Targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    private readonly TempFolder _temp = new();

    [Fact]
    public async Task Every_api_answers_with_the_adapter_that_the_request_names()
    {
        await using TestServer server = await StartAsync("one", "two");
        const string Chat = """ "messages":[{"role":"user","content":"法国的首都是哪里？"}],"max_tokens":8,"temperature":0""";
        string[] Texts(JsonElement[] answers, Func<JsonElement, string> text) => [.. answers.Select(text)];
        async Task<JsonElement[]> AskAsync(string path, string rest) =>
            [.. await Task.WhenAll(new[] { "demo-model", "one", "two" }.Select(name => server.OkAsync(path, $$"""{"model":"{{name}}",{{rest}}}""")))];

        JsonElement[] chats = await AskAsync(Bodies.ChatPath, Chat);
        string[] expected = Texts(chats, static answer => answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!);
        Assert.Equal(3, expected.Distinct().Count());
        Assert.Equal(["demo-model", "one", "two"], chats.Select(static answer => answer.GetProperty("model").GetString()));
        JsonElement[] messages = await AskAsync("/v1/messages", Chat);
        Assert.Equal(expected, Texts(messages, static answer => answer.GetProperty("content")[0].GetProperty("text").GetString()!));
        Assert.Equal("one", messages[1].GetProperty("model").GetString());
        JsonElement[] responses = await AskAsync(Bodies.ResponsesPath, """ "input":"法国的首都是哪里？","max_output_tokens":8,"temperature":0""");
        Assert.Equal(expected, Texts(responses, static answer => answer.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString()!));
        JsonElement[] ollama = await AskAsync("/api/chat", """ "messages":[{"role":"user","content":"法国的首都是哪里？"}],"stream":false,"options":{"num_predict":8,"temperature":0}""");
        Assert.Equal(expected, Texts(ollama, static answer => answer.GetProperty("message").GetProperty("content").GetString()!));
        JsonElement tagged = await server.OkAsync("/api/show", """{"model":"one:latest"}""");
        Assert.Equal("one", tagged.GetProperty("model_info").GetProperty("general.basename").GetString());
        JsonElement[] completions = await AskAsync(Bodies.CompletionPath, """ "prompt":"法国","max_tokens":4,"temperature":0""");
        Assert.Equal(["demo-model", "one", "two"], completions.Select(static answer => answer.GetProperty("model").GetString()));
        Assert.True(completions.Select(static answer => answer.GetProperty("choices")[0].GetProperty("text").GetString()).Distinct().Count() > 1);
    }

    [Fact]
    public async Task Requests_for_the_bare_model_get_the_bits_of_a_server_without_adapters()
    {
        string body = Bodies.Chat("很长的问题。", "\"max_tokens\":12,\"temperature\":0,\"logprobs\":true,\"top_logprobs\":5");
        static string Probabilities(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("logprobs").GetRawText();
        string alone;
        await using (TestServer plain = await TestServer.StartAsync())
        {
            alone = Probabilities(await plain.OkAsync(Bodies.ChatPath, body));
        }

        await using TestServer server = await StartAsync("one", "two");
        Task<JsonElement>[] answers = [.. new[] { "demo-model", "one", "demo-model", "two", "one" }.Select(name =>
            server.OkAsync(Bodies.ChatPath, body.Replace("demo-model", name, StringComparison.Ordinal)))];
        string[] together = [.. (await Task.WhenAll(answers)).Select(Probabilities)];
        Assert.Equal(alone, together[0]);
        Assert.Equal(alone, together[2]);
        Assert.Equal(together[1], together[4]);
        Assert.NotEqual(alone, together[1]);
        Assert.NotEqual(together[1], together[3]);
    }

    [Fact]
    public async Task Cached_prefixes_are_shared_by_requests_with_the_same_adapter_only()
    {
        await using TestServer server = await StartAsync("one", "two");
        string body = Bodies.Chat(string.Concat(Enumerable.Repeat("很长的问题。", 30)), "\"max_tokens\":2");
        async Task<int> CachedAsync(string name) => (await server.OkAsync(Bodies.ChatPath, body.Replace("demo-model", name, StringComparison.Ordinal)))
            .GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();
        foreach (string name in new[] { "demo-model", "one", "two" })
        {
            Assert.Equal(0, await CachedAsync(name));
            Assert.True(await CachedAsync(name) > 0);
        }
    }

    [Fact]
    public async Task The_lists_of_models_have_adapters_with_their_parent()
    {
        await using TestServer server = await StartAsync("one", "two");
        JsonElement list = JsonDocument.Parse(await server.Client.GetStringAsync("/v1/models")).RootElement.GetProperty("data");
        Assert.Equal(["demo-model", "one", "two"], list.EnumerateArray().Select(static model => model.GetProperty("id").GetString()));
        Assert.Equal([null, "demo-model", "demo-model"], list.EnumerateArray().Select(static model => model.GetProperty("parent").GetString()));
        Assert.Equal("demo-model", JsonDocument.Parse(await server.Client.GetStringAsync("/v1/models/two")).RootElement.GetProperty("parent").GetString());
        JsonElement tags = JsonDocument.Parse(await server.Client.GetStringAsync("/api/tags")).RootElement.GetProperty("models");
        Assert.Equal(["demo-model:latest", "one:latest", "two:latest"], tags.EnumerateArray().Select(static model => model.GetProperty("name").GetString()));
        (int status, JsonElement error) = await server.PostAsync(Bodies.ChatPath, Bodies.Chat("a").Replace("demo-model", "three", StringComparison.Ordinal));
        Assert.Equal(404, status);
        Assert.Contains("this server has 'demo-model', 'one', 'two'", error.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Administrators_load_and_unload_adapters()
    {
        await using TestServer server = await StartWithKeysAsync();
        string body = Bodies.Chat("法国的首都是哪里？", "\"max_tokens\":4,\"temperature\":0").Replace("demo-model", "one", StringComparison.Ordinal);
        string load = $$"""{"lora_name":"one","lora_path":{{JsonSerializer.Serialize(Folder("one"))}}}""";
        Assert.Equal(401, (await SendAsync(server, "/v1/load_lora_adapter", load, null)).Status);
        Assert.Equal(403, (await SendAsync(server, "/v1/load_lora_adapter", load, User)).Status);
        Assert.Equal(404, (await SendAsync(server, Bodies.ChatPath, body, User)).Status);
        Assert.Equal((200, "Success: LoRA adapter 'one' added successfully."), await SendAsync(server, "/v1/load_lora_adapter", load, Admin));
        Assert.Equal(200, (await SendAsync(server, Bodies.ChatPath, body, User)).Status);
        (int again, string taken) = await SendAsync(server, "/v1/load_lora_adapter", load, Admin);
        Assert.Equal(400, again);
        Assert.Contains("already an adapter named 'one'", taken, StringComparison.Ordinal);
        Assert.Equal(403, (await SendAsync(server, "/v1/unload_lora_adapter", """{"lora_name":"one"}""", User)).Status);
        Assert.Equal((200, "Success: LoRA adapter 'one' removed successfully."), await SendAsync(server, "/v1/unload_lora_adapter", """{"lora_name":"one"}""", Admin));
        Assert.Equal(404, (await SendAsync(server, "/v1/unload_lora_adapter", """{"lora_name":"one"}""", Admin)).Status);
        Assert.Equal(404, (await SendAsync(server, Bodies.ChatPath, body, User)).Status);
    }

    [Theory]
    [InlineData("""{"lora_path":"x"}""", "lora_name is missing")]
    [InlineData("""{"lora_name":"one"}""", "lora_path is missing")]
    [InlineData("""{"lora_name":"","lora_path":"x"}""", "lora_name is missing")]
    [InlineData("""{"lora_name":5,"lora_path":"x"}""", "lora_name must be")]
    [InlineData("""{"lora_name":"demo-model","lora_path":"x"}""", "the name of the model")]
    [InlineData("""{"lora_name":"one","lora_path":"/does/not/exist"}""", "there is no such folder")]
    [InlineData("""{"lora_name":"one","lora_path":"x","load_inplace":true}""", "load_inplace is true; allowed: false")]
    public async Task Wrong_loads_are_refused_and_leave_nothing(string body, string expected)
    {
        await using TestServer server = await StartWithKeysAsync();
        (int status, string text) = await SendAsync(server, "/v1/load_lora_adapter", body, Admin);
        Assert.Equal(400, status);
        Assert.Contains(expected, text, StringComparison.Ordinal);
        Assert.Empty(server.Model.Adapters!.Adapters);
    }

    [Fact]
    public async Task Clients_are_not_told_where_the_files_of_an_adapter_were()
    {
        await using TestServer server = await StartAsync("one");
        Directory.Delete(Folder("one"), recursive: true);
        (int status, JsonElement error) = await server.PostAsync(Bodies.ChatPath, Bodies.Chat("a").Replace("demo-model", "one", StringComparison.Ordinal));
        Assert.Equal(500, status);
        Assert.Equal(
            "The adapter 'one' cannot be loaded any more; the server's log has the details.", error.GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task Without_an_administrators_key_loading_is_off()
    {
        await using TestServer server = await TestServer.StartAsync();
        (int status, JsonElement error) = await server.PostAsync("/v1/load_lora_adapter", """{"lora_name":"one","lora_path":"x"}""");
        Assert.Equal(403, status);
        Assert.Contains("is off: this server has no administrator's key", error.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Adapters_beyond_the_budget_are_dropped_and_loaded_again()
    {
        long bytes;
        ModelConfig config = ModelConfig.Load(TestPaths.DemoModel);
        using (LoraFolder opened = LoraFolder.Open(Folder("one"), config))
        using (LoraAdapter adapter = LoraAdapter.Load(opened, config))
        {
            bytes = adapter.Bytes;
        }

        await using TestServer server = await StartAsync(2 * bytes, "one", "two", "three", "four");
        string body = Bodies.Chat("法国的首都是哪里？", "\"max_tokens\":6,\"temperature\":0");
        async Task<string> AskAsync(string name) => (await server.OkAsync(Bodies.ChatPath, body.Replace("demo-model", name, StringComparison.Ordinal)))
            .GetProperty("choices").GetRawText();
        string[] names = ["one", "two", "three", "four", "demo-model"];
        string[] first = [.. await Task.WhenAll(names.Select(AskAsync))];
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(first, await Task.WhenAll(names.Select(AskAsync)));
            Assert.InRange(Assert.IsType<LocalAdapterCatalog>(server.Model.Adapters).LoadedBytes, 1, 2 * bytes);
        }
    }

    public void Dispose() => _temp.Dispose();

    private string Folder(string name)
    {
        string folder = _temp.File(name);
        if (!Directory.Exists(folder))
        {
            RandomAdapter.Write(folder, ModelConfig.Load(TestPaths.DemoModel), 4, Targets, name[0] + (256 * name[1]));
        }

        return folder;
    }

    private Task<TestServer> StartAsync(params string[] names) => StartAsync(1 << 30, names);

    private Task<TestServer> StartAsync(long bytes, params string[] names) => StartAsync(static _ => { }, bytes, names);

    private Task<TestServer> StartWithKeysAsync() => StartAsync(
        static options =>
        {
            options.Keys.Add(new ApiKeyOptions { Name = "admin", Sha256 = Hash(Admin), Administrator = true });
            options.Keys.Add(new ApiKeyOptions { Name = "user", Sha256 = Hash(User) });
        },
        1 << 30);

    private async Task<TestServer> StartAsync(Action<ServerOptions> configure, long bytes, params string[] names)
    {
        TestServer server = await TestServer.StartEmptyAsync(configure, services => services.AddLocalModel(new LocalModelOptions(TestPaths.DemoModel)
        {
            Loading = new ModelOptions { Threads = 1, PinThreads = false },
            Adapters = names.ToDictionary(static name => name, Folder),
            AdapterBytes = bytes,
        }));
        await server.Services.GetRequiredService<ModelSlot>().Settled.WaitAsync(Wait.Limit);
        return server.Model is null ? throw new ModelException(server.Services.GetRequiredService<ModelSlot>().Failure!) : server;
    }

    private static string Hash(string key) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    private static async Task<(int Status, string Text)> SendAsync(TestServer server, string path, string body, string? key)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = TestServer.Content(body) };
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        using HttpResponseMessage response = await server.Client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
