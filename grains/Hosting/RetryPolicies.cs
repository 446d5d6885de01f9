using HunyuanOrleans.Grains.Contracts;
using Polly;
using Polly.Retry;

namespace HunyuanOrleans.Grains.Hosting;

/// <summary>How calls are tried again: a few times, with growing and jittered pauses, never without end.</summary>
internal static class RetryPolicies
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>For calls to experts, which can be repeated at will: each attempt has a time of its own.</summary>
    public static ResiliencePipeline ForExperts(HunyuanSiloOptions options)
    {
        ResiliencePipelineBuilder builder = new();
        if (options.ExpertCallRetries > 0)
        {
            builder.AddRetry(Strategy(options.ExpertCallRetries, TransientErrors.IsTransient));
        }

        return builder.AddTimeout(options.ExpertCallTimeout).Build();
    }

    /// <summary>For calls that get a silo ready: the plan is made anew when they fail for good.</summary>
    public static ResiliencePipeline ForPreparing() => new ResiliencePipelineBuilder().AddRetry(Strategy(3, TransientErrors.IsTransient)).Build();

    /// <summary>
    /// For opening a stream of tokens again, for as long as its owner is willing to wait, whatever the fault: what is wrong with a request comes
    /// as a batch.
    /// </summary>
    /// <param name="patience">How long.</param>
    /// <param name="time">The clock.</param>
    public static ResiliencePipeline ForStreams(TimeSpan patience, TimeProvider time) =>
        new ResiliencePipelineBuilder { TimeProvider = time }.AddTimeout(patience).AddRetry(Strategy(int.MaxValue, static (_, cancellationToken) => !cancellationToken.IsCancellationRequested)).Build();

    private static RetryStrategyOptions Strategy(int attempts, Func<Exception, CancellationToken, bool> passes) => new()
    {
        MaxRetryAttempts = attempts,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        Delay = FirstPause,
        MaxDelay = LongestPause,
        ShouldHandle = outcome => ValueTask.FromResult(
            outcome.Outcome.Exception is { } fault && passes(fault, outcome.Context.CancellationToken)),
    };
}
