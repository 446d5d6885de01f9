using Polly;
using Polly.Retry;

namespace HunyuanOrleans.Contracts.Grains;

/// <summary>Retries with exponential backoff, jitter and a limit, as all calls to grains use them.</summary>
public static class ExponentialRetry
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20), LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>Creates a retry strategy.</summary>
    /// <param name="retries">Largest number of retries.</param>
    /// <param name="isTransient">Tells whether an exception may not occur again.</param>
    public static RetryStrategyOptions Create(int retries, Func<Exception, CancellationToken, bool> isTransient) => new()
    {
        MaxRetryAttempts = retries,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        Delay = FirstPause,
        MaxDelay = LongestPause,
        ShouldHandle = outcome => ValueTask.FromResult(
            outcome.Outcome.Exception is { } fault && isTransient(fault, outcome.Context.CancellationToken)),
    };
}
