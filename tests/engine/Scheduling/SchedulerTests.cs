using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Engine.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Scheduling;

public sealed class SchedulerTests
{
    private readonly List<string> _steps = [];

    [Fact]
    public async Task Decodes_come_first_then_prompts_in_chunks_within_the_budget()
    {
        (Scheduler scheduler, RequestAdmission intake) = Create(new ExecutorLimits(48, 200, 60, 4, 64, 8), new() { MaxSequences = 4, TokenBudget = 10, PrefillChunk = 6 });
        intake.Submit(new() { PromptIds = new int[3], MaxTokens = 4 });
        await scheduler.StepAsync(default);
        intake.Submit(new() { PromptIds = new int[15].Select((_, i) => i + 10).ToArray(), MaxTokens = 2 });
        intake.Submit(new() { PromptIds = new[] { 40, 41 }, MaxTokens = 2 });
        await Finish(scheduler);

        // Each slice as start+count, with ! if it asks for a token.
        Assert.Equal(["0+3!", "3+1! 0+6 0+2!", "4+1! 2+1! 6+6", "5+1! 12+3!", "15+1!"], _steps);
    }

    [Fact]
    public async Task The_youngest_is_preempted_and_recomputed_exactly()
    {
        // The pool has five blocks of four positions; each of the two answers grows to four blocks.
        var limits = new ExecutorLimits(48, 200, 5, 4, 64, 8);
        (Scheduler scheduler, RequestAdmission intake) = Create(limits, new() { MaxSequences = 4, TokenBudget = 32 });
        GenerationRequest first = new() { PromptIds = new[] { 1, 2, 3 }, MaxTokens = 13, Sampling = new() { Seed = 1 } };
        GenerationRequest second = new() { PromptIds = new[] { 4, 5, 6 }, MaxTokens = 13, Sampling = new() { Seed = 2, FrequencyPenalty = 1 } };
        Generation[] generations = [intake.Submit(first), intake.Submit(second)];
        await Finish(scheduler);
        Assert.True(scheduler.Counters.Preemptions > 0);
        Assert.Equal(ReferenceDecoder.Run(first, 1, 0, 13, 48, []).Ids, (await generations[0].Choices[0].Completion).Ids.ToArray());
        Assert.Equal(ReferenceDecoder.Run(second, 2, 0, 13, 48, []).Ids, (await generations[1].Choices[0].Completion).Ids.ToArray());
        Assert.Equal(0, scheduler.Pool.UsedBlocks);
    }

    [Fact]
    public async Task A_large_request_is_not_starved_by_later_ones()
    {
        (Scheduler scheduler, RequestAdmission intake) = Create(new ExecutorLimits(48, 60, 16, 4, 64, 8), new() { MaxSequences = 2, TokenBudget = 8 });
        GenerationRequest small = new() { PromptIds = new[] { 1 }, MaxTokens = 3 };
        intake.Submit(small);
        intake.Submit(small);
        Generation large = intake.Submit(new() { PromptIds = new int[40], MaxTokens = 20 });
        Generation[] later = [.. Enumerable.Range(0, 30).Select(_ => intake.Submit(small))];
        int steps = 0;
        while (large.Choices[0].Completion.IsCompleted is false)
        {
            await scheduler.StepAsync(default);
            intake.Submit(small);
            Assert.True(++steps < 60, "The large request is starved.");
        }

        Assert.Contains(later, generation => !generation.Choices[0].Completion.IsCompleted);
        await Finish(scheduler);
    }

    [Fact]
    public async Task Requests_start_by_priority_and_then_by_arrival()
    {
        (Scheduler scheduler, RequestAdmission intake) = Create(new ExecutorLimits(48, 60, 16, 4, 64, 8), new() { MaxSequences = 1, TokenBudget = 8 });
        int[] priorities = [0, 3, 0, -2, 3, -2, 0];
        Generation[] generations = [.. priorities.Select(priority => intake.Submit(new() { PromptIds = new[] { 1 }, MaxTokens = 1, Priority = priority }))];
        List<int> order = [];
        while (scheduler.HasWork)
        {
            await scheduler.StepAsync(default);
            order.AddRange(Enumerable.Range(0, generations.Length).Where(i => generations[i].Choices[0].Completion.IsCompleted && !order.Contains(i)));
        }

        Assert.Equal([3, 5, 0, 2, 6, 1, 4], order);
    }

    [Fact]
    public async Task Cancelling_frees_the_blocks_before_the_next_step()
    {
        (Scheduler scheduler, RequestAdmission intake) = Create(new ExecutorLimits(48, 60, 16, 4, 64, 8), new() { MaxSequences = 2, TokenBudget = 8, PrefixCache = false });
        Generation running = intake.Submit(new() { PromptIds = new int[20], MaxTokens = 3 });
        Generation waiting = intake.Submit(new() { PromptIds = new int[50], MaxTokens = 3 });
        await scheduler.StepAsync(default);
        Assert.Equal(5, scheduler.Pool.UsedBlocks);
        running.Cancel();
        waiting.Cancel();
        Assert.False(await scheduler.StepAsync(default));
        Assert.Equal((0, 0, false), (scheduler.Pool.UsedBlocks, scheduler.Waiting, scheduler.HasWork));
        Assert.Equal(FinishReason.Cancelled, (await waiting.Choices[0].Completion).Finish);
    }

    [Fact]
    public async Task Stop_ids_and_end_of_text_end_an_answer_unless_ignored()
    {
        (Scheduler scheduler, RequestAdmission intake) = Create(new ExecutorLimits(48, 100, 60, 4, 64, 8), new() { MaxSequences = 8, TokenBudget = 64 }, eos: 9);
        GenerationRequest request = new() { PromptIds = new[] { 3 }, MaxTokens = 5, IgnoreEos = true, Sampling = new() { Temperature = 0, LogitBias = new Dictionary<int, float> { [9] = 50 } } };
        Generation ignored = intake.Submit(request);
        Generation eos = intake.Submit(request with { IgnoreEos = false });
        Generation stopId = intake.Submit(request with { StopIds = [9] });
        await Finish(scheduler);
        Assert.Equal((FinishReason.Length, 5, false), Summary(ignored));
        Assert.Equal((FinishReason.Stop, 1, true), Summary(eos));
        Assert.Equal((FinishReason.Stop, 1, true), Summary(stopId));
    }

    [Fact]
    public void Options_out_of_range_are_rejected_by_name()
    {
        Assert.Contains("TokenBudget is 3", Assert.Throws<ArgumentOutOfRangeException>(() => new SchedulerOptions { MaxSequences = 4, TokenBudget = 3 }.Validate()).Message);
        Assert.Contains("QueueLength", Assert.Throws<ArgumentOutOfRangeException>(() => new SchedulerOptions { QueueLength = 0 }.Validate()).Message);
        Assert.Contains("PrefillChunk", Assert.Throws<ArgumentOutOfRangeException>(() => new SchedulerOptions { PrefillChunk = 0 }.Validate()).Message);
        Assert.Contains("Speculation is 65", Assert.Throws<ArgumentOutOfRangeException>(() => new SchedulerOptions { Speculation = new() { MaxTokens = 65 } }.Validate()).Message);
        Assert.Contains("PrefixIdleTime", Assert.Throws<ArgumentOutOfRangeException>(() => new SchedulerOptions { PrefixIdleTime = TimeSpan.Zero }.Validate()).Message);
        SchedulerOptions fitted = new SchedulerOptions().Fit(new ExecutorLimits(10, 10, 10, 10, MaxBatchTokens: 20, MaxBatchSequences: 30));
        Assert.Equal((20, 20), (fitted.TokenBudget, fitted.MaxSequences));
    }

    private static (FinishReason Finish, int Length, bool StopId) Summary(Generation generation)
    {
        ChoiceResult result = generation.Choices[0].Completion.Result;
        return (result.Finish, result.Ids.Length, result.EndsWithStopId);
    }

    private static async Task Finish(Scheduler scheduler)
    {
        for (int steps = 0; scheduler.HasWork; steps++)
        {
            Assert.True(await scheduler.StepAsync(default) && steps < 1000);
            scheduler.CheckIntegrity();
        }
    }

    private (Scheduler Scheduler, RequestAdmission Intake) Create(ExecutorLimits limits, SchedulerOptions options, int? eos = null)
    {
        var executor = new TinyModelExecutor(limits) { BeforeStep = Note };
        options = options with { Speculation = SpeculationOptions.Off };
        var scheduler = new Scheduler(executor, options, null, TimeProvider.System, NullLogger.Instance);
        EngineOptions engine = new() { Scheduler = options, EosIds = eos is int id ? [id] : [] };
        return (scheduler, new RequestAdmission(scheduler, limits, engine, TimeProvider.System, static () => { }));
    }

    private ValueTask Note(StepBatch batch)
    {
        _steps.Add(string.Join(' ', batch.Slices.ToArray().Select(slice => $"{slice.Start}+{slice.Count}{(slice.Sampling is null ? "" : "!")}")));
        return ValueTask.CompletedTask;
    }
}
