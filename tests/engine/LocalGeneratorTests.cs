using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Engine.Tests;

/// <summary>An engine behind the generator interface.</summary>
public sealed class LocalGeneratorTests
{
    private static readonly ExecutorLimits Limits = new(48, 200, 60, 4, 64, 8);

    [Fact]
    public async Task The_generator_gives_the_answers_of_the_engine()
    {
        await using var executor = new TinyModelExecutor(Limits);
        await using IGenerator generator = new LocalGenerator(
            InferenceEngine.Start(executor, new EngineOptions { EosIds = [5] }, new LetterText(48)), "tiny", executor);
        Assert.Equal(("tiny", 48, 200, true), (generator.Info.ModelName, generator.Info.VocabularySize, generator.Info.MaxContext, generator.Info.HasText));
        Assert.Equal([5], generator.Info.EosIds);
        GenerationRequest request = new() { PromptIds = new[] { 1, 2 }, MaxTokens = 20, Choices = 2, IgnoreEos = true, Sampling = new() { Seed = 3 } };
        IGeneration generation = await generator.SubmitAsync(request, CancellationToken.None);
        Assert.Equal(3UL, generation.Seed);
        foreach (IChoice choice in generation.Choices)
        {
            List<int> ids = [];
            await foreach (TokenChunk chunk in choice)
            {
                ids.AddRange(chunk.Ids.ToArray());
            }

            Assert.Equal(ReferenceDecoder.Run(request, 3, choice.Index, 20, 48, []).Ids, ids);
            Assert.Equal(ids, (await choice.Completion).Ids.ToArray());
        }

        Assert.Equal(40, (await generator.GetStatisticsAsync(CancellationToken.None)).AnswerTokens);
        await Assert.ThrowsAsync<RequestException>(async () => await generator.SubmitAsync(request with { Choices = 0 }, CancellationToken.None));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await generator.SubmitAsync(request, new CancellationToken(true)));
    }

    [Fact]
    public async Task Cancelling_and_disposing_end_answers()
    {
        using var gate = new SemaphoreSlim(0);
        await using var executor = new TinyModelExecutor(Limits) { BeforeStep = async _ => await gate.WaitAsync() };
        IGenerator generator = new LocalGenerator(InferenceEngine.Start(executor), "tiny");
        GenerationRequest request = new() { PromptIds = new[] { 1 }, MaxTokens = 30, Choices = 2 };
        IGeneration cancelled = await generator.SubmitAsync(request, CancellationToken.None);
        IGeneration half = await generator.SubmitAsync(request, CancellationToken.None);
        cancelled.Cancel();
        half.Choices[1].Cancel();
        gate.Release(1000);
        Assert.All(await Task.WhenAll(cancelled.Choices.Select(choice => choice.Completion)), answer => Assert.Equal(FinishReason.Cancelled, answer.Finish));
        Assert.Equal(FinishReason.Length, (await half.Choices[0].Completion).Finish);
        Assert.Equal(FinishReason.Cancelled, (await half.Choices[1].Completion).Finish);
        await generator.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await generator.SubmitAsync(request, CancellationToken.None));
    }
}
