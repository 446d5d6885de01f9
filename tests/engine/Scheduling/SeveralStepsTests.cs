using System.Collections.Concurrent;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Engine.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Scheduling;

/// <summary>Faults and cancellations while several steps are in flight.</summary>
public sealed class SeveralStepsTests
{
    private static readonly ExecutorLimits Limits = new(48, 200, 60, 4, 64, 8);
    private static readonly GenerationRequest Request = new() { PromptIds = new[] { 1 }, MaxTokens = 3, Sampling = SamplingParams.Greedy };

    [Fact]
    public async Task A_failure_that_concerns_all_does_not_wait_for_steps_that_hang()
    {
        GatedExecutor executor = new();
        await using var engine = InferenceEngine.Start(executor);
        Generation one = engine.Submit(Request);
        TaskCompletionSource first = await executor.NextAsync();
        Generation two = engine.Submit(Request);
        _ = await executor.NextAsync();
        first.SetException(new ExecutorException("The cluster is too small.", affectsAll: true));
        Assert.Equal("The cluster is too small.", (await one.CompletionAsync())[0].Error);
        Assert.Equal("The cluster is too small.", (await two.CompletionAsync())[0].Error);
        Assert.Equal(1, executor.Cancelled);

        Generation next = engine.Submit(Request);
        while (!next.CompletionAsync().IsCompleted)
        {
            (await executor.NextAsync(next.CompletionAsync()))?.SetResult();
        }

        Assert.Equal(FinishReason.Length, (await next.CompletionAsync())[0].Finish);
    }

    [Fact]
    public async Task An_answer_that_was_cancelled_during_a_step_that_loses_keys_and_values_ends()
    {
        GatedExecutor executor = new();
        await using var engine = InferenceEngine.Start(executor);
        Generation cancelled = engine.Submit(Request);
        TaskCompletionSource first = await executor.NextAsync();
        cancelled.Cancel();

        // The scheduler has received the cancellation once it has started a step for a later request.
        _ = engine.Submit(Request);
        TaskCompletionSource second = await executor.NextAsync();
        first.SetException(new KvLostException("The cells are gone."));
        second.SetResult();

        // A third step may have begun before the keys and values were lost; the scheduler waits for it.
        Task<ChoiceResult[]> completion = cancelled.CompletionAsync();
        while (!completion.IsCompleted)
        {
            (await executor.NextAsync(completion))?.SetResult();
        }

        Assert.Equal(FinishReason.Cancelled, (await completion)[0].Finish);
    }

    [Fact]
    public async Task Answers_are_decoded_in_as_many_steps_as_the_executor_asks_for_while_others_compute_prompts()
    {
        GatedExecutor executor = new() { DecodeSteps = 1 };
        await using var engine = InferenceEngine.Start(executor);
        Generation one = engine.Submit(Request);
        TaskCompletionSource promptOfOne = await executor.NextAsync();
        Generation two = engine.Submit(Request);
        TaskCompletionSource promptOfTwo = await executor.NextAsync();
        promptOfOne.SetResult();
        TaskCompletionSource decodesOne = await executor.NextAsync();
        Assert.Equal(1, executor.Slices(decodesOne));
        promptOfTwo.SetResult();
        await Wait.UntilAsync(() => engine.GetStatistics().AnswerTokens == 2);

        // The second answer could be decoded now; the step that starts next computes the third prompt only.
        Generation three = engine.Submit(Request);
        TaskCompletionSource promptOfThree = await executor.NextAsync();
        Assert.Equal(1, executor.Slices(promptOfThree));
        decodesOne.SetResult();
        TaskCompletionSource decodesBoth = await executor.NextAsync();
        Assert.Equal(2, executor.Slices(decodesBoth));
        decodesBoth.SetResult();
        promptOfThree.SetResult();
        Task all = Task.WhenAll(one.CompletionAsync(), two.CompletionAsync(), three.CompletionAsync());
        while (!all.IsCompleted)
        {
            (await executor.NextAsync(all))?.SetResult();
        }

        Assert.Equal(FinishReason.Length, (await three.CompletionAsync())[0].Finish);
    }

    [Fact]
    public async Task All_answers_are_decoded_in_each_step_where_the_route_takes_fewer_steps_than_the_options_ask_for()
    {
        GatedExecutor executor = new() { StepsInFlight = 1 };
        await using var engine = InferenceEngine.Start(executor, new EngineOptions { Scheduler = new SchedulerOptions { DecodeSteps = 2 } });
        Generation one = engine.Submit(Request);
        TaskCompletionSource promptOfOne = await executor.NextAsync();
        Generation two = engine.Submit(Request);
        promptOfOne.SetResult();
        TaskCompletionSource both = await executor.NextAsync();
        Assert.Equal(2, executor.Slices(both));
        both.SetResult();
        TaskCompletionSource decodesBoth = await executor.NextAsync();
        Assert.Equal(2, executor.Slices(decodesBoth));
        decodesBoth.SetResult();
        Task all = Task.WhenAll(one.CompletionAsync(), two.CompletionAsync());
        while (!all.IsCompleted)
        {
            (await executor.NextAsync(all))?.SetResult();
        }

        Assert.Equal(FinishReason.Length, (await two.CompletionAsync())[0].Finish);
    }

    /// <summary>Takes three steps at once unless told otherwise, each of which ends when the test says so. Its tokens are all 7.</summary>
    private sealed class GatedExecutor : IModelExecutor
    {
        private readonly SemaphoreSlim _started = new(0);
        private readonly Queue<TaskCompletionSource> _steps = new();
        private readonly ConcurrentDictionary<TaskCompletionSource, int> _slices = new();
        private int _cancelled;

        public ExecutorLimits Limits => SeveralStepsTests.Limits;

        public int StepsInFlight { get; init; } = 3;

        public int DecodeSteps { get; init; } = 3;

        public int Cancelled => Volatile.Read(ref _cancelled);

        int IModelExecutor.DecodeSteps(int sequences) => DecodeSteps;

        /// <summary>Number of sequences of a step.</summary>
        public int Slices(TaskCompletionSource step) => _slices[step];

        /// <summary>Waits for the next step to begin; null if <paramref name="end"/> completes first.</summary>
        public async Task<TaskCompletionSource?> NextAsync(Task end)
        {
            Task<TaskCompletionSource> next = NextAsync();
            return await Task.WhenAny(next, end) == next ? await next : null;
        }

        public async Task<TaskCompletionSource> NextAsync()
        {
            Assert.True(await _started.WaitAsync(TimeSpan.FromMinutes(5)));
            lock (_steps)
            {
                return _steps.Dequeue();
            }
        }

        public async ValueTask ExecuteAsync(StepBatch batch, StepResult result, CancellationToken cancellationToken)
        {
            TaskCompletionSource step = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _slices[step] = batch.SliceCount;
            lock (_steps)
            {
                _steps.Enqueue(step);
            }

            _started.Release();
            try
            {
                await step.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref _cancelled);
                throw;
            }

            result.Clear();
            for (int i = 0; i < batch.SliceCount; i++)
            {
                if (batch.Slices[i].Sampling is not null)
                {
                    result.Add(i, new SampledToken(7, 0, null));
                }
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
