using HunyuanOrleans.Client.Tests.Support;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.AI;
using Xunit;

namespace HunyuanOrleans.Client.Tests;

/// <summary>Programs name an adapter like a model.</summary>
public sealed class AdapterTests : IAsyncLifetime
{
    private static readonly TestModel Model = new(TestModel.Demo) { Name = TestModel.Demo };

    private readonly TempFolder _folders = new();
    private HunyuanCluster _cluster = null!;
    private HunyuanClient _client = null!;

    public async Task InitializeAsync()
    {
        RandomAdapter.Write(_folders.File("terse"), Model.Config, 4, ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"], 3);
        Dictionary<string, string> adapters = new() { ["terse"] = _folders.File("terse") };
        _cluster = await HunyuanCluster.StartAsync(2, Model, (_, options) => options with
        {
            AdapterBytes = 1 << 30,
            Models = [.. options.Models.Select(model => model with { Adapters = adapters })],
        });
        await _cluster.Model.UntilAsync(static report => report.Card.Problem is null);
        _client = DemoCluster.ClientOf(_cluster);
    }

    public async Task DisposeAsync()
    {
        await _client.DisposeAsync();
        await _cluster.DisposeAsync();
        _folders.Dispose();
    }

    [Fact]
    public async Task Every_call_takes_the_name_of_an_adapter()
    {
        ClusterModel terse = await _client.DescribeAsync("terse"), model = await _client.DescribeAsync();
        Assert.Equal(("terse", TestModel.Demo), (terse.Name, terse.Parent));
        Assert.Equal(((string?)null, model.MaxTokens), (model.Parent, terse.MaxTokens));
        int[] prompt = await _client.EncodeAsync("法国的首都是哪里？", "terse");
        Assert.Equal(await _client.EncodeAsync("法国的首都是哪里？"), prompt);
        GenerationRequest request = new() { PromptIds = prompt, MaxTokens = 12, IgnoreEos = true, Sampling = SamplingParams.Greedy };
        Dictionary<string, string> adapters = new() { ["terse"] = _folders.File("terse") };
        int[][][] expected = await LocalReference.RunAsync(Model, [request, request with { Adapter = "terse" }], adapters);
        Assert.NotEqual(expected[0][0], expected[1][0]);
        Assert.Equal(expected[0][0], await IdsAsync(_client.GenerateAsync(request)));
        Assert.Equal(expected[1][0], await IdsAsync(_client.GenerateAsync(request, "terse")));
        Assert.Equal(expected[1][0], await IdsAsync(_client.GenerateAsync(request with { Adapter = "terse" })));
        Assert.Equal(expected[1][0], await IdsAsync(_client.GenerateAsync("法国的首都是哪里？", _ => request, "terse")));
        await using IGenerator generator = await ClusterGenerator.CreateAsync(_client);
        IGeneration generation = await generator.SubmitAsync(request with { Adapter = "terse" }, CancellationToken.None);
        Assert.Equal(expected[1][0], (await generation.Choices[0].Completion).Ids.ToArray());
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 8, AdditionalProperties = new() { ["ignore_eos"] = true } };
        ChatMessage[] chat = [new(ChatRole.User, "法国的首都是哪里？")];
        ChatResponse bare = await _client.GetResponseAsync(chat, options);
        options.ModelId = "terse";
        ChatResponse adapted = await _client.GetResponseAsync(chat, options);
        Assert.Equal(("terse", TestModel.Demo), (adapted.ModelId, bare.ModelId));
        Assert.NotEqual(bare.Text, adapted.Text);
    }

    [Fact]
    public async Task Names_that_do_not_exist_are_refused_and_those_that_do_are_listed()
    {
        RequestException wrong = await Assert.ThrowsAsync<RequestException>(() => _client.DescribeAsync("polite"));
        Assert.Contains($"allowed: {TestModel.Demo}, terse", wrong.Message, StringComparison.Ordinal);
        GenerationRequest request = new() { PromptIds = new[] { 5 }, MaxTokens = 2, Adapter = "polite" };
        wrong = await Assert.ThrowsAsync<RequestException>(() => IdsAsync(_client.GenerateAsync(request)));
        Assert.Contains("'polite' does not exist", wrong.Message, StringComparison.Ordinal);

        // Clients connect through gateways and are no administrators.
        IModelGrain grain = _client.Cluster.GetGrain<IModelGrain>(TestModel.Demo);
        await Assert.ThrowsAsync<CallRefusedException>(() => grain.LoadAdapterAsync("more", _folders.File("terse")));
        await Assert.ThrowsAsync<CallRefusedException>(() => grain.UnloadAdapterAsync("terse"));
    }

    private static async Task<int[]> IdsAsync(IAsyncEnumerable<AnswerChunk> answer)
    {
        List<int> ids = [];
        await foreach (AnswerChunk chunk in answer)
        {
            ids.AddRange(chunk.Ids.ToArray());
        }

        return [.. ids];
    }
}
