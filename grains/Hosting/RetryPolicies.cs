using HunyuanOrleans.Grains.Contracts;
using Polly;
using Polly.Retry;

namespace HunyuanOrleans.Grains.Hosting;

/// <summary>The retry policies of calls: exponential backoff with jitter and a limit.</summary>
internal static class RetryPolicies
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>For calls to experts, which can be repeated at any time. Each attempt has a timeout.</summary>
    public static ResiliencePipeline ForExperts(HunyuanSiloOptions options)
    {
        ResiliencePipelineBuilder builder = new();
        if (options.ExpertCallRetries > 0)
        {
            builder.AddRetry(Strategy(options.ExpertCallRetries, TransientErrors.IsTransient));
        }

        return builder.AddTimeout(options.ExpertCallTimeout).Build();
    }

    /// <summary>For calls that prepare a route. When they fail, the route is planned again.</summary>
    public static ResiliencePipeline ForPreparing() => new ResiliencePipelineBuilder().AddRetry(Strategy(3, TransientErrors.IsTransient)).Build();

    /// <summary>
    /// For opening a stream of tokens again until a timeout, whatever the exception: errors of the request come as a batch.
    /// </summary>
    /// <param name="timeout">The limit of all attempts together.</param>
    /// <param name="time">The clock.</param>
    public static ResiliencePipeline ForStreams(TimeSpan timeout, TimeProvider time) =>
        new ResiliencePipelineBuilder { TimeProvider = time }.AddTimeout(timeout).AddRetry(Strategy(int.MaxValue, static (_, cancellationToken) => !cancellationToken.IsCancellationRequested)).Build();

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
