using System.Text.Json;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Text.Answers;
using HunyuanOrleans.Text.Streaming;
using HunyuanOrleans.Text.Tokenization;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Constrained answers are the same on a cluster as in one process, whatever happens to the cluster.</summary>
[Collection(nameof(SharedClusters))]
public sealed class ConstraintTests(SharedClusters clusters)
{
    private const string Schema = """
        {"type":"object","properties":{"name":{"type":"string","minLength":5,"maxLength":20},
        "scores":{"type":"array","items":{"type":"integer","minimum":100,"maximum":99999},"minItems":8,"maxItems":12}},
        "required":["name","scores"],"additionalProperties":false}
        """;

    private static readonly TestModel Demo = new(TestModel.Demo, Purpose: "constraints");

    // Its checkpoint has no tokenizer.
    private static readonly TestModel WithoutText = new("tiny-cla", Purpose: "constraints");

    private static readonly Tokenizer Tokenizer = Tokenizer.Load(Demo.Directory);

    internal static TestModel[] Models => [Demo, WithoutText];

    [Fact]
    public async Task Constrained_answers_are_the_same_as_locally()
    {
        GenerationRequest[] requests = Requests();
        int[][][] expected = await LocalReference.RunAsync(Demo, requests);
        ModelClient client = await clusters.StartAsync(2, Demo);
        Assert.Equal(expected, await client.GenerateAllAsync(requests));
        Assert.All(expected.Index(), answers => Assert.All(answers.Item, ids =>
        {
            string text = Tokenizer.Decode(ids, skipSpecial: true);
            if (Reasons(answers.Index))
            {
                text = text[(text.IndexOf(ReasoningFormat.Hunyuan.ForcedClose, StringComparison.Ordinal) + ReasoningFormat.Hunyuan.ForcedClose.Length)..];
                text = text.Replace(ReasoningFormat.Hunyuan.AnswerClose!, "", StringComparison.Ordinal);
            }

            using JsonDocument document = JsonDocument.Parse(text);
            Assert.InRange(document.RootElement.GetProperty("scores").GetArrayLength(), 8, 12);
        }));
    }

    [Fact]
    public async Task Constrained_answers_continue_when_the_scheduler_is_killed()
    {
        GenerationRequest[] requests = [.. Requests().Select(static request => request with { Choices = 1 })];
        int[][][] expected = await LocalReference.RunAsync(Demo, requests);
        await using HunyuanCluster cluster = await HunyuanCluster.StartAsync(3, Demo, setup: new ClusterSetup { FailsFast = true });
        BackgroundLoad load = new(cluster.Model, requests, expected, 8);
        for (int i = 0; i < 2; i++)
        {
            await load.UntilAllContinueAsync();
            ModelReport report = await cluster.Model.ReportAsync();
            await cluster.KillAsync(report.SchedulerSilo);
            await load.UntilAllContinueAsync();
            await cluster.AddAsync();
        }

        await load.StopAsync();
        Assert.True(load.Answers >= 8);
    }

    [Fact]
    public async Task Constraints_that_cannot_be_compiled_are_refused()
    {
        ModelClient client = await clusters.StartAsync(1, Demo);
        Assert.Equal("tools", (await RefusedAsync(client, "r2:a(")).Parameter);
        Assert.Contains("cannot be read", (await RefusedAsync(client, "?")).Message, StringComparison.Ordinal);

        ModelClient withoutText = await clusters.StartAsync(1, WithoutText);
        Assert.Contains("tokenizer", (await RefusedAsync(withoutText, "j")).Message, StringComparison.Ordinal);
    }

    private static async Task<RequestError> RefusedAsync(ModelClient client, string constraint)
    {
        RequestSpec spec = client.Spec(new GenerationRequest { PromptIds = new[] { 5 } }) with
        {
            Constraint = constraint,
            ConstraintParameter = "tools",
        };
        TokenBatch first = await client.StreamAsync(spec).FirstAsync();
        return first.RequestError!;
    }

    // Of the requests, some reason before they answer in the form that is asked for.
    private static bool Reasons(int request) => request % 3 == 0;

    private static GenerationRequest[] Requests()
    {
        ConstraintCompiler compiler = new(new TokenizerText(Tokenizer), Demo.VocabularySize, Demo.Config.EosTokenIds);
        Constraint constraint = compiler.Compile(ConstraintSpec.JsonSchema(Schema));
        Constraint reasoned = compiler.Compile(ReasoningGrammar.Wrap(ConstraintSpec.JsonSchema(Schema), ReasoningFormat.Hunyuan, ReasoningStart.Inside));
        ReasoningLimit limit = new(30, null, ReasoningFormat.Hunyuan.Close, Tokenizer.Encode(ReasoningFormat.Hunyuan.ForcedClose));
        return [.. Enumerable.Range(0, 8).Select(i => new GenerationRequest
        {
            PromptIds = Tokenizer.Encode($"Person {i} as JSON: "),
            Sampling = new SamplingParams { Temperature = 1.5f, Seed = (ulong)i },
            MaxTokens = 400,
            Choices = 1 + (i % 2),
            Constraint = Reasons(i) ? reasoned : constraint,
            Reasoning = Reasons(i) ? limit : null,
        })];
    }
}
