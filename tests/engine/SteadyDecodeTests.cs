using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Engine.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Engine.Tests;

public sealed class SteadyDecodeTests
{
    private const int Windows = 10, WindowSteps = 100, WarmUp = 300;

    [SkippableTheory]
    [InlineData("off", "off", 0)]
    [InlineData("auto", "off", 7)]
    [InlineData("5", "off", 7)]
    [InlineData("off", "3", 7)]
    [InlineData("auto", "auto", 7)]
    public async Task Writing_tokens_allocates_nothing_on_the_engines_thread(string speculation, string mtp, int period)
    {
#if DEBUG
        Skip.If(true, "Unoptimised code allocates its state machines.");
#endif
        long[] allocated = new long[Windows + 1];
        int step = 0;
        var limits = new ExecutorLimits(48, 20_000, 2000, 32, 64, 32) { HasMtp = mtp != "off" };
        await using var executor = new TinyModelExecutor(limits)
        {
            Period = period,
            BeforeStep = _ =>
            {
                int window = (step++ - WarmUp) / WindowSteps;
                if (step > WarmUp && window <= Windows && (step - 1 - WarmUp) % WindowSteps == 0)
                {
                    allocated[window] = GC.GetAllocatedBytesForCurrentThread();
                }

                return ValueTask.CompletedTask;
            },
        };
        await using var engine = InferenceEngine.Start(
            executor, new EngineOptions { Scheduler = new() { MaxSequences = 8, Speculation = SpeculationOptions.Parse(speculation)!.WithMtp(mtp)! } });
        SamplingParams sampling = new() { TopP = 0.9f, RepetitionPenalty = 1.1f };
        Generation generation = engine.Submit(new() { PromptIds = new int[10], MaxTokens = (period > 0 ? 6 : 1) * (WarmUp + (Windows * WindowSteps) + 50), Choices = 3, Sampling = sampling });
        await Task.WhenAll(generation.Choices.Select(async choice =>
        {
            await foreach (TokenChunk _ in choice)
            {
            }
        }));

        Assert.Equal(period > 0, engine.GetStatistics().AcceptedDraftTokens > 1000);

        // The thread pool may allocate in one or two windows when it grows to wake the readers. A token that allocates would show in every window.
        int clean = Enumerable.Range(0, Windows).Count(window => allocated[window + 1] - allocated[window] == 0);
        Assert.True(clean >= Windows - 2, string.Join(' ', allocated.Zip(allocated.Skip(1), (a, b) => b - a)));
    }
}
