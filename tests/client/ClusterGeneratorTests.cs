using HunyuanOrleans.Client.Tests.Support;
using HunyuanOrleans.Cluster.Tests.Support;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Contracts.Requests;
using Xunit;

namespace HunyuanOrleans.Client.Tests;

/// <summary>A cluster behind IGenerator, the interface that servers use.</summary>
[Collection(nameof(DemoCluster))]
public sealed class ClusterGeneratorTests(DemoCluster demo, SpecialModelsCluster special)
{
    [Fact]
    public async Task Answers_are_those_of_an_engine_in_this_process()
    {
        await using IGenerator generator = await ClusterGenerator.CreateAsync(demo.Client);
        Assert.Equal((TestModel.Demo, 4608, 4096, true),
            (generator.Info.ModelName, generator.Info.VocabularySize, generator.Info.MaxContext, generator.Info.HasText));
        GenerationRequest request = new()
        {
            PromptIds = new[] { 4338, 474, 449 }, MaxTokens = 20, Choices = 2, IgnoreEos = true, Sampling = new() { Temperature = 2, Seed = 3, LogProbabilities = 2 },
        };
        int[][] expected = (await LocalReference.RunAsync(DemoCluster.Model, [request]))[0];
        long tokensBefore = (await generator.GetStatisticsAsync(CancellationToken.None)).AnswerTokens;
        IGeneration generation = await generator.SubmitAsync(request, CancellationToken.None);
        Assert.Equal(3UL, generation.Seed);
        foreach (IChoice choice in generation.Choices)
        {
            List<int> ids = [];
            FinishReason finish = FinishReason.None;
            await foreach (TokenChunk chunk in choice)
            {
                Assert.Equal(FinishReason.None, finish);
                Assert.All(chunk.Samples.ToArray(), static sample => Assert.Equal(2, sample.Top!.Length));
                ids.AddRange(chunk.Ids.ToArray());
                finish = chunk.Finish;
            }

            ChoiceResult result = await choice.Completion;
            Assert.Equal(expected[choice.Index], ids);
            Assert.Equal(ids, result.Ids.ToArray());
            Assert.Equal(ids, result.Samples.ToArray().Select(static sample => sample.Id));
            Assert.Equal((FinishReason.Length, FinishReason.Length), (finish, result.Finish));
            Assert.True(result.Timings.Queued <= result.Timings.Total && result.Timings.FirstToken <= result.Timings.Total);
        }

        Assert.Equal(40, (await generator.GetStatisticsAsync(CancellationToken.None)).AnswerTokens - tokensBefore);
    }

    [Fact]
    public async Task Progress_tells_how_far_the_prompt_is_computed()
    {
        await using IGenerator generator = await ClusterGenerator.CreateAsync(demo.Client);
        GenerationRequest request = new() { PromptIds = Enumerable.Repeat(474, 200).ToArray(), MaxTokens = 2, IgnoreEos = true, CacheSalt = "progress" };
        IChoice silent = (await generator.SubmitAsync(request, CancellationToken.None)).Choices[0];
        await silent.Completion;
        Assert.Null(silent.Progress);
        IGeneration generation = await generator.SubmitAsync(request with { ReportProgress = true, Choices = 2 }, CancellationToken.None);
        foreach (IChoice choice in generation.Choices)
        {
            await choice.Completion;
            Assert.Equal((200, 192, 200), (choice.Progress!.Total, choice.Progress.Cached, choice.Progress.Processed));
        }
    }

    [Fact]
    public async Task An_answer_resumes_after_the_ids_it_has()
    {
        await using IGenerator generator = await ClusterGenerator.CreateAsync(demo.Client);
        GenerationRequest request = new() { PromptIds = new[] { 4338, 474 }, MaxTokens = 12, IgnoreEos = true, Sampling = new() { Seed = 9 } };
        int[] whole = (await (await generator.SubmitAsync(request, CancellationToken.None)).Choices[0].Completion).Ids.ToArray();
        IGeneration rest = await generator.SubmitAsync(request with { Resume = [new ResumedChoice(0, whole.AsMemory(0, 5))] }, CancellationToken.None);
        Assert.Equal(whole, (await rest.Choices[0].Completion).Ids.ToArray());
        RequestException refused = await Assert.ThrowsAsync<RequestException>(
            async () => await generator.SubmitAsync(request with { Resume = [] }, CancellationToken.None));
        Assert.Equal("resume", refused.Parameter);
    }

    [Fact]
    public async Task SubmitAsync_throws_when_a_request_is_refused()
    {
        await using HunyuanClient client = DemoCluster.ClientOf(special.Cluster, SpecialModelsCluster.ShortQueue);
        await using IGenerator generator = await ClusterGenerator.CreateAsync(client);
        GenerationRequest right = new() { PromptIds = new[] { 1 }, MaxTokens = 2 };
        foreach ((GenerationRequest wrong, string parameter) in new (GenerationRequest, string)[]
        {
            (right with { Choices = 0 }, "n"),
            (right with { PromptIds = new[] { 4608 } }, "prompt"),
            (right with { MaxTokens = 5000 }, "max_tokens"),
            (right with { Sampling = new SamplingParams { TopP = 0 } }, "top_p"),
        })
        {
            RequestException refused = await Assert.ThrowsAsync<RequestException>(async () => await generator.SubmitAsync(wrong, CancellationToken.None));
            Assert.Equal(parameter, refused.Parameter);
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await generator.SubmitAsync(right, new CancellationToken(true)));
        Assert.Contains("other", (await Assert.ThrowsAsync<RequestException>(() => ClusterGenerator.CreateAsync(client, "other"))).Message, StringComparison.Ordinal);

        // More than the queue takes: accepted requests are served, and the first that is not accepted says so.
        GenerationRequest wide = right with { Choices = 3, MaxTokens = 300, IgnoreEos = true };
        List<IGeneration> accepted = [];
        QueueFullException? full = null;
        for (int i = 0; i < 200 && full is null; i++)
        {
            try
            {
                accepted.Add(await generator.SubmitAsync(wide, CancellationToken.None));
            }
            catch (QueueFullException thrown)
            {
                full = thrown;
            }
        }

        Assert.Equal(3, full!.Limit);
        accepted.ForEach(static generation => generation.Cancel());
        await special.Cluster.ClientOf(SpecialModelsCluster.ShortQueue).UntilIdleAsync();
    }

    [Fact]
    public async Task Cancelling_and_disposing_end_answers_and_free_their_resources()
    {
        IGenerator generator = await ClusterGenerator.CreateAsync(demo.Client);
        using CancellationTokenSource outside = new();
        GenerationRequest request = new() { PromptIds = new[] { 1, 2, 3 }, MaxTokens = 900, IgnoreEos = true };
        IGeneration cancelled = await generator.SubmitAsync(request, CancellationToken.None);
        IGeneration given = await generator.SubmitAsync(request with { Cancellation = outside.Token }, CancellationToken.None);
        IGeneration left = await generator.SubmitAsync(request, CancellationToken.None);
        IGeneration half = await generator.SubmitAsync(request with { Choices = 2, MaxTokens = 60 }, CancellationToken.None);
        cancelled.Cancel();
        await outside.CancelAsync();
        half.Choices[1].Cancel();
        await foreach (TokenChunk chunk in left.Choices[0])
        {
            break;
        }

        foreach (IGeneration ended in new[] { cancelled, given, left })
        {
            Assert.Equal(FinishReason.Cancelled, (await ended.Choices[0].Completion).Finish);
        }

        Assert.Equal(FinishReason.Cancelled, (await half.Choices[1].Completion).Finish);
        ChoiceResult whole = await half.Choices[0].Completion;
        Assert.Equal((FinishReason.Length, 60), (whole.Finish, whole.Ids.Length));
        ModelReport idle = await demo.Cluster.Model.UntilIdleAsync();
        Assert.Equal(0, idle.Statistics.Failed);

        IGeneration last = await generator.SubmitAsync(request, CancellationToken.None);
        await generator.DisposeAsync();
        Assert.Equal(FinishReason.Cancelled, (await last.Choices[0].Completion).Finish);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await generator.SubmitAsync(request, CancellationToken.None));
        await demo.Cluster.Model.UntilIdleAsync();
    }
}
