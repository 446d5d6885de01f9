using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.TestSupport;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Answers of a given form are the same in a cluster as in one process, whatever happens to the cluster.</summary>
public sealed class ConstraintTests
{
    private const string Schema = """
        {"type":"object","properties":{"name":{"type":"string","minLength":5,"maxLength":20},
        "scores":{"type":"array","items":{"type":"integer","minimum":100,"maximum":99999},"minItems":8,"maxItems":12}},
        "required":["name","scores"],"additionalProperties":false}
        """;

    private static readonly string Directory = TestPaths.DemoModel;

    private static readonly Tokenizer Tokenizer = Tokenizer.Load(Directory);

    [Fact]
    public async Task Constrained_answers_are_the_same_as_locally()
    {
        GenerationRequest[] requests = Requests();
        int[][][] expected = await Undisturbed.RunAsync(Directory, ComputeMode.F32, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(Directory, 2);
        Assert.Equal(expected, await Task.WhenAll(requests.Select(r => cluster.GenerateAsync(r))));
        Assert.All(expected, answers => Assert.All(answers, ids =>
        {
            using System.Text.Json.JsonDocument document = System.Text.Json.JsonDocument.Parse(Tokenizer.Decode(ids, skipSpecial: true));
            Assert.InRange(document.RootElement.GetProperty("scores").GetArrayLength(), 8, 12);
        }));
    }

    [Fact]
    public async Task Constrained_answers_outlive_their_scheduler()
    {
        GenerationRequest[] requests = [.. Requests().Select(r => r with { Choices = 1 })];
        int[][][] expected = await Undisturbed.RunAsync(Directory, ComputeMode.F32, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(Directory, 3);
        Streams streams = new(cluster, requests, expected, 8);
        for (int i = 0; i < 2; i++)
        {
            await streams.AllGoOnAsync();
            ModelReport report = await cluster.Model.ReportAsync();
            await cluster.KillAsync(report.SchedulerSilo);
            await streams.AllGoOnAsync();
            await cluster.AddAsync();
        }

        await streams.EndAsync();
        Assert.True(streams.Answers >= 8);
    }

    [Fact]
    public async Task Constraints_that_cannot_be_compiled_are_refused()
    {
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(Directory, 1);
        Assert.Equal("tools", (await RefusedAsync(cluster, "r2:a(")).Parameter);
        Assert.Contains("cannot be read", (await RefusedAsync(cluster, "?")).Message);

        string noText = Path.Combine(TestPaths.Data, "models", "tiny-cla");
        await using HunyuanCluster numbers = await HunyuanCluster.StartAsync(noText, 1);
        Assert.Contains("tokenizer", (await RefusedAsync(numbers, "j")).Message);
    }

    private static async Task<RequestError> RefusedAsync(HunyuanCluster cluster, string constraint)
    {
        RequestSpec spec = RequestSpec.Of(cluster.Name, new GenerationRequest { PromptIds = new[] { 5 } }, TimeSpan.FromSeconds(30)) with
        {
            Constraint = constraint,
            ConstraintParameter = "tools",
        };
        await foreach (TokenBatch batch in cluster.Model.GenerateAsync(spec, CancellationToken.None))
        {
            return batch.RequestError!;
        }

        throw new InvalidOperationException("Nothing came.");
    }

    private static GenerationRequest[] Requests()
    {
        ModelConfig config = ModelConfig.Load(Directory);
        ConstraintCompiler compiler = new(new TokenizerText(Tokenizer), config.VocabSize, config.EosTokenIds);
        Constraint constraint = compiler.Compile(ConstraintSpec.JsonSchema(Schema));
        return [.. Enumerable.Range(0, 8).Select(i => new GenerationRequest
        {
            PromptIds = Tokenizer.Encode($"Person {i} as JSON: "),
            Sampling = new SamplingParams { Temperature = 1.5f, Seed = (ulong)i },
            MaxTokens = 400,
            Choices = 1 + (i % 2),
            Constraint = constraint,
        })];
    }
}
