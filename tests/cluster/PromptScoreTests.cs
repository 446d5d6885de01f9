using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Model;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests;

/// <summary>Log probabilities of prompts, and restrictions of answers, are the same on a cluster as in one process.</summary>
[Collection(nameof(SharedClusters))]
public sealed class PromptScoreTests(SharedClusters clusters)
{
    private static readonly TestModel Model = new("tiny-cla", Purpose: "prompt scores");

    internal static TestModel[] Models => [Model];

    [Fact]
    public async Task Prompts_are_scored_with_the_same_bits_as_locally()
    {
        // Longer than a step and than the rows that a head computes at once.
        Random random = new(3);
        int[] prompt = [.. Enumerable.Range(0, 300).Select(_ => random.Next(Model.VocabularySize))];
        ModelClient client = await clusters.StartAsync(3, Model);
        foreach (int length in new[] { 3, 0 })
        {
            GenerationRequest request = new() { PromptIds = prompt, MaxTokens = length, PromptLogProbabilities = 2, Sampling = SamplingParams.Greedy, IgnoreEos = true };
            ChoiceResult expected = await RunLocallyAsync(request);
            Assert.Equal((length, prompt.Length - 1), (expected.Ids.Length, expected.Prompt.Length));
            List<int> ids = [];
            List<SampledToken> scores = [];
            await foreach (TokenBatch batch in client.StreamAsync(request))
            {
                Assert.Null(batch.Error);
                ids.AddRange(batch.Ids);
                scores.AddRange(batch.ToChunk().Prompt.Span);
            }

            Assert.Equal(expected.Ids.ToArray(), ids);
            Assert.Equal(expected.Prompt.ToArray().Select(static token => (token.Id, token.LogProbability)), scores.Select(static token => (token.Id, token.LogProbability)));
            Assert.Equal(expected.Prompt.ToArray().SelectMany(static token => token.Top!), scores.SelectMany(static token => token.Top!));
        }
    }

    [Fact]
    public async Task Restricted_answers_are_the_same_as_locally()
    {
        GenerationRequest plain = new() { PromptIds = new[] { 5, 6, 7 }, MaxTokens = 24, IgnoreEos = true, Sampling = new SamplingParams { Seed = 9, Temperature = 0.7f } };
        int[] ids = (await RunLocallyAsync(plain)).Ids.ToArray();
        GenerationRequest[] requests =
        [
            plain with { StopIds = [ids[2], ids[4]], MinTokens = 8 },
            plain with { Sampling = plain.Sampling with { BadWords = [[ids[3]], [ids[5], ids[6]]] } },
            plain with { Sampling = plain.Sampling with { AllowedTokens = [.. ids[..6]] }, Choices = 2 },
        ];
        ModelClient client = await clusters.StartAsync(2, Model);
        int[][][] answers = await client.GenerateAllAsync(requests);
        Assert.Equal(await LocalReference.RunAsync(Model, requests), answers);
        Assert.True(answers[0][0].Length > 8);
        Assert.DoesNotContain(ids[3], answers[1][0]);
        Assert.All(answers[2], answer => Assert.Subset(ids[..6].ToHashSet(), answer.ToHashSet()));
    }

    private static async Task<ChoiceResult> RunLocallyAsync(GenerationRequest request)
    {
        await using LocalExecutor executor = new(ModelRunner.Load(Model.Directory, Model.Options));
        await using InferenceEngine engine = InferenceEngine.Start(executor);
        return (await engine.Submit(request).CompletionAsync())[0];
    }
}
