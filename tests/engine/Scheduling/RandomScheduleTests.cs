using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Scheduling;
using HunyuanOrleans.Engine.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace HunyuanOrleans.Engine.Tests.Scheduling;

/// <summary>With any schedule, every answer equals the one that its request gets alone, and no block is lost.</summary>
public sealed class RandomScheduleTests
{
    private static readonly int Schedules = Environment.GetEnvironmentVariable("HUNYUAN_LONG_TESTS") == "1" ? 1000 : 150;

    [Fact]
    public async Task Any_schedule_gives_each_request_its_own_tokens_and_leaks_no_block()
    {
        long preemptions = 0, evictions = 0, hits = 0, cancelled = 0, stopped = 0, accepted = 0, rejected = 0, mtp = 0, wrong = 0;
        for (int number = 0; number < Schedules; number++)
        {
            try
            {
                Scheduler scheduler = await Run(new RandomSchedule(number));
                preemptions += scheduler.Counters.Preemptions;
                evictions += scheduler.Pool.Evictions;
                hits += scheduler.Counters.CachedPromptTokens;
                cancelled += scheduler.Counters.Finished[(int)FinishReason.Cancelled];
                stopped += scheduler.Counters.Finished[(int)FinishReason.Stop];
                accepted += scheduler.Counters.AcceptedDraftTokens;
                rejected += scheduler.Counters.DraftedTokens - scheduler.Counters.AcceptedDraftTokens;
                mtp += scheduler.Counters.AcceptedMtpTokens;
                wrong += scheduler.Counters.MtpDraftedTokens - scheduler.Counters.AcceptedMtpTokens;
            }
            catch (Exception fault)
            {
                Assert.Fail($"Schedule {number}: {fault}");
            }
        }

        // The schedules must exercise all of these, or the test proves nothing.
        Assert.All([preemptions, evictions, hits, cancelled, stopped, accepted, rejected, mtp, wrong], count => Assert.True(count > Schedules / 4, $"only {count}"));
    }

    [Fact]
    public async Task Losing_all_keys_and_values_now_and_then_changes_no_token()
    {
        long replays = 0, preemptions = 0, hits = 0, accepted = 0;
        for (int number = 0; number < Schedules; number++)
        {
            try
            {
                Scheduler scheduler = await Run(new RandomSchedule(number), lossOneIn: 40);
                replays += scheduler.Counters.Replays;
                preemptions += scheduler.Counters.Preemptions;
                hits += scheduler.Counters.CachedPromptTokens;
                accepted += scheduler.Counters.AcceptedDraftTokens;
            }
            catch (Exception fault)
            {
                Assert.Fail($"Schedule {number}: {fault}");
            }
        }

        Assert.All([replays, preemptions, hits, accepted], count => Assert.True(count > Schedules / 4, $"only {count}"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    public async Task Several_steps_at_once_change_no_token(int lossOneIn)
    {
        long replays = 0, preemptions = 0, hits = 0, cancelled = 0, overlapping = 0;
        for (int number = 0; number < Schedules; number++)
        {
            try
            {
                Scheduler scheduler = await Run(new RandomSchedule(number), lossOneIn, steps: 2 + (number % 3), most => overlapping += most > 1 ? 1 : 0);
                replays += scheduler.Counters.Replays;
                preemptions += scheduler.Counters.Preemptions;
                hits += scheduler.Counters.CachedPromptTokens;
                cancelled += scheduler.Counters.Finished[(int)FinishReason.Cancelled];
            }
            catch (Exception fault)
            {
                Assert.Fail($"Schedule {number}: {fault}");
            }
        }

        Assert.All([preemptions, hits, cancelled, overlapping], count => Assert.True(count > Schedules / 4, $"only {count}"));
        Assert.Equal(lossOneIn > 0, replays > Schedules / 4);
    }

    private static async Task<Scheduler> Run(RandomSchedule schedule, int lossOneIn = 0, int steps = 1, Action<int>? overlap = null)
    {
        var text = new LetterText(schedule.Limits.VocabularySize);
        var sessions = new SessionChecker();
        await using var model = new TinyModelExecutor(schedule.Limits) { BeforeStep = steps > 1 ? null : sessions.CheckStep, Period = schedule.Period };
        model.ShouldLoseKv = lossOneIn == 0 ? null : () => schedule.Losses.Next(lossOneIn) == 0;
        SeveralStepsExecutor several = new(model, steps, sessions);
        IModelExecutor executor = steps > 1 ? several : model;
        var scheduler = new Scheduler(executor, schedule.Options, text, TimeProvider.System, NullLogger.Instance);
        var intake = new RequestAdmission(
            scheduler, schedule.Limits, new EngineOptions { EosIds = schedule.Eos }, TimeProvider.System, static () => { });
        var generations = new Generation?[schedule.Arrivals.Length];
        int step = 0;
        for (bool busy = true; busy; step++)
        {
            Assert.True(step < 20_000, "The schedule does not end.");
            busy = false;
            for (int i = 0; i < generations.Length; i++)
            {
                RandomSchedule.Arrival arrival = schedule.Arrivals[i];
                if (arrival.Step == step)
                {
                    generations[i] = intake.Submit(arrival.Request);
                }

                if (arrival.Step + (long)arrival.CancelAfter == step)
                {
                    generations[i]!.Choices[arrival.CancelledChoice].Cancel();
                }

                busy |= arrival.Step >= step;
            }

            bool computed = await scheduler.StepAsync(CancellationToken.None);
            scheduler.CheckIntegrity();
            Assert.True(computed || !scheduler.HasWork, "Work is left and none was planned.");
            busy |= scheduler.HasWork;
        }

        Assert.Equal(0, scheduler.Pool.UsedBlocks);
        Assert.Equal(0, scheduler.Waiting);
        await CheckLastSessions(scheduler, intake, sessions);
        overlap?.Invoke(several.Most);
        for (int i = 0; i < generations.Length; i++)
        {
            CheckAnswers(schedule, schedule.Arrivals[i], generations[i]!);
        }

        return scheduler;
    }

    /// <summary>Runs one more step, in which the executor learns which sessions have ended since the last step.</summary>
    private static async Task CheckLastSessions(Scheduler scheduler, RequestAdmission intake, SessionChecker sessions)
    {
        Generation last = intake.Submit(new() { PromptIds = new[] { 1 }, MaxTokens = 1, IgnoreEos = true });
        while (scheduler.HasWork)
        {
            await scheduler.StepAsync(CancellationToken.None);
        }

        Assert.Equal(FinishReason.Length, (await last.CompletionAsync())[0].Finish);
        
        // The last answer ended after the last step, so only its session has not been released to the executor.
        Assert.Equal(1, sessions.Alive);
    }

    private static void CheckAnswers(RandomSchedule schedule, RandomSchedule.Arrival arrival, Generation generation)
    {
        int maxTokens = RequestValidator.Check(arrival.Request, schedule.Limits, new LetterText(schedule.Limits.VocabularySize));
        Assert.Equal(arrival.Request.Resume?.Count ?? arrival.Request.Choices, generation.Choices.Count);
        for (int i = 0; i < generation.Choices.Count; i++)
        {
            ChoiceStream choice = generation.Choices[i];
            Assert.Equal(arrival.Request.Resume?[i].Index ?? i, choice.Index);
            int resumed = arrival.Request.Resume?[i].Ids.Length ?? 0;
            (int[] expected, FinishReason finish) = ReferenceDecoder.Run(
                arrival.Request, generation.Seed, choice.Index, maxTokens, schedule.Limits.VocabularySize, schedule.Eos, schedule.Period);
            Assert.True(choice.Completion.IsCompletedSuccessfully);
            ChoiceResult result = choice.Completion.Result;
            if (result.Finish == FinishReason.Cancelled)
            {
                Assert.Equal(arrival.CancelledChoice, i);
                Assert.Equal(expected.Take(result.Ids.Length), result.Ids.ToArray());
            }
            else
            {
                Assert.Equal(expected, result.Ids.ToArray());
                Assert.Equal(finish, result.Finish);
            }

            Assert.True(choice.TryRead(out TokenChunk chunk));
            int[] drawn = [.. result.Ids.ToArray().Skip(resumed)];
            Assert.Equal(drawn, chunk.Ids.ToArray());
            Assert.Equal(arrival.Request.Sampling.LogProbabilities is null ? [] : drawn, result.Samples.ToArray().Select(sample => sample.Id));
        }
    }
}
