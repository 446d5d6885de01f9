using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Tests.Support;
using Xunit;

namespace HunyuanOrleans.Engine.Tests;

public sealed class SteadyDecodeTests
{
    private const int Windows = 10, WindowSteps = 100, WarmUp = 300;

    [SkippableFact]
    public async Task Writing_tokens_allocates_nothing_on_the_engines_thread()
    {
#if DEBUG
        Skip.If(true, "Unoptimised code allocates its state machines.");
#endif
        long[] allocated = new long[Windows + 1];
        int step = 0;
        var limits = new ExecutorLimits(48, 4000, 600, 32, 64, 8);
        await using var executor = new TinyModelExecutor(limits)
        {
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
        await using var engine = InferenceEngine.Start(executor);
        SamplingParams sampling = new() { TopP = 0.9f, RepetitionPenalty = 1.1f };
        Generation generation = engine.Submit(new() { PromptIds = new int[10], MaxTokens = WarmUp + (Windows * WindowSteps) + 50, Choices = 3, Sampling = sampling });
        await Task.WhenAll(generation.Choices.Select(async choice =>
        {
            await foreach (TokenChunk _ in choice)
            {
            }
        }));

        // The thread pool may allocate in one or two windows when it grows to wake the readers. A token that allocates would show in every window.
        int clean = Enumerable.Range(0, Windows).Count(window => allocated[window + 1] - allocated[window] == 0);
        Assert.True(clean >= Windows - 2, string.Join(' ', allocated.Zip(allocated.Skip(1), (a, b) => b - a)));
    }
}
