using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Guessed tokens are verified on the silo of the last layers, and no answer differs from that of one process without guesses.</summary>
[Collection(nameof(SharedClusters))]
public sealed class SpeculationTests(SharedClusters clusters)
{
    private static readonly SpeculationOptions Fixed = new() { MaxTokens = 5, Adaptive = false };

    private static readonly TestModel Tiny = new("tiny-top8-nocla", ComputeMode.Bf16, Purpose: "speculation") { Speculation = Fixed };

    private static readonly TestModel TinyInt8 = new("tiny-cla", ComputeMode.Bf16, KvFormat.Int8, Purpose: "speculation") { Speculation = Fixed };

    private static readonly TestModel Demo = new(TestModel.Demo, Purpose: "speculation") { Speculation = Fixed };

    internal static TestModel[] Models => [Tiny, TinyInt8, Demo];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Answers_are_the_same_as_locally(bool int8) => AssertSameAsync(int8 ? TinyInt8 : Tiny, Requests((int8 ? TinyInt8 : Tiny).VocabularySize));

    [Fact]
    public async Task Constrained_answers_are_the_same_as_locally()
    {
        const string Schema = """
            {"type":"array","minItems":5,"maxItems":7,"items":{"type":"object","properties":{"name":{"enum":["anna","anton"]},"points":{"type":"integer","minimum":0,"maximum":9}},
            "required":["name","points"],"additionalProperties":false}}
            """;
        Tokenizer tokenizer = Tokenizer.Load(Demo.Directory);
        ConstraintCompiler compiler = new(new TokenizerText(tokenizer), Demo.VocabularySize, Demo.Config.EosTokenIds);
        Constraint constraint = compiler.Compile(ConstraintSpec.JsonSchema(Schema));
        await AssertSameAsync(Demo, [.. Enumerable.Range(0, 4).Select(i => new GenerationRequest
        {
            PromptIds = tokenizer.Encode($"Points of {i} players as JSON: "),
            Sampling = new SamplingParams { Temperature = 1, Seed = (ulong)i, FrequencyPenalty = i % 2 == 0 ? 0 : 0.01f },
            MaxTokens = 300,
            Constraint = constraint,
        })]);
    }

    [Fact]
    public async Task Answers_continue_when_the_scheduler_and_silos_with_layers_are_killed()
    {
        GenerationRequest[] requests = Requests(Tiny.VocabularySize);
        int[][][] expected = await LocalReference.RunAsync(Tiny, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(4, Tiny, setup: new ClusterSetup { FailsFast = true });
        BackgroundLoad load = new(cluster.Model, requests, expected, 8);
        for (int kill = 0; kill < 4; kill++)
        {
            await load.UntilAllContinueAsync();
            ModelReport report = await cluster.Model.UntilAsync(now => Victim(now, kill) is not null);
            await cluster.KillAsync(Victim(report, kill)!);
            await load.UntilAllContinueAsync();
            await cluster.AddAsync();
        }

        ModelReport last = await cluster.Model.ReportAsync();
        Assert.True(last.Statistics.AcceptedDraftTokens > 0);
        await load.StopAsync();
        Assert.True(load.Answers >= 8);
    }

    // The scheduler's silo, or one with layers that does not schedule.
    private static string? Victim(ModelReport report, int kill) => kill % 2 == 0
        ? report.SchedulerSilo
        : report.Stages.Select(static key => PinnedKey.Parse(key).Silo).FirstOrDefault(silo => silo != report.SchedulerSilo);

    private async Task AssertSameAsync(TestModel model, GenerationRequest[] requests)
    {
        int[][][] expected = await LocalReference.RunAsync(model, requests);
        ModelClient client = await clusters.StartAsync(3, model);
        StatisticsMessage before = (await client.ReportAsync()).Statistics;
        Assert.Equal(expected, await client.GenerateAllAsync(requests));
        StatisticsMessage after = (await client.ReportAsync()).Statistics;
        long accepted = after.AcceptedDraftTokens - before.AcceptedDraftTokens, drafted = after.DraftedTokens - before.DraftedTokens;
        Assert.True(accepted > 20 && drafted > accepted, $"{accepted} of {drafted} guessed tokens accepted");
    }

    // Bias makes a few tokens likely, so that texts repeat by chance and guesses are right as well as wrong.
    private static GenerationRequest[] Requests(int vocabularySize)
    {
        GenerationRequest[] requests = TestRequests.Create(12, vocabularySize, 60);
        return [.. requests.Select((request, i) => request with
        {
            Sampling = request.Sampling with { LogitBias = Enumerable.Range(0, 3).ToDictionary(n => (17 * i) + n, static _ => 14f) },
        })];
    }
}
