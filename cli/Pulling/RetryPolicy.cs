namespace HunyuanOrleans.Cli.Pulling;

/// <summary>Retries operations after transient errors, with exponential back-off or after the delay that the hub asks for.</summary>
/// <param name="delay">Waits between attempts.</param>
/// <param name="warn">Receives a message for every failure that is retried.</param>
internal sealed class RetryPolicy(Func<TimeSpan, CancellationToken, Task> delay, Action<string> warn)
{
    /// <summary>Most attempts in a row that make no progress.</summary>
    public const int MaxAttempts = 8;

    // About a minute and a half in total: long enough for a hub to restart, short enough for a user who waits.
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(0.5), MaxDelay = TimeSpan.FromSeconds(30);

    /// <summary>The longest delay that a hub may ask for.</summary>
    public static readonly TimeSpan MaxRetryAfter = TimeSpan.FromMinutes(15);

    /// <summary>Runs an operation until it succeeds.</summary>
    /// <param name="attempt">The operation.</param>
    /// <param name="advanced">Called after a failure: whether the operation got further than ever before, which restarts the count of attempts.</param>
    /// <param name="cancellation">Cancels the delay before a retry.</param>
    /// <exception cref="HubException">The error is not transient, or all attempts failed.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> attempt, Func<bool> advanced, CancellationToken cancellation)
    {
        for (int failures = 1; ; failures++)
        {
            HubException fault;
            try
            {
                return await attempt();
            }
            catch (HubException e) when (e.Transient)
            {
                fault = e;
            }

            failures = advanced() ? 1 : failures;
            if (failures >= MaxAttempts)
            {
                throw new HubException($"{fault.Message} Gave up after {MaxAttempts} attempts.", fault);
            }

            TimeSpan wait = NextDelay(fault.RetryAfter, failures);
            warn($"{fault.Message} Retrying in {wait.TotalSeconds:0.#} s.");
            await delay(wait, cancellation);
        }
    }

    // Adds up to half at random, so that files that failed together are not retried together.
    private static TimeSpan NextDelay(TimeSpan? retryAfter, int failures)
    {
        if (retryAfter > MaxRetryAfter)
        {
            throw new HubException($"The hub asks to wait {retryAfter.Value.TotalMinutes:0} minutes; pull again after that.");
        }

        TimeSpan wait = retryAfter ?? TimeSpan.FromTicks(Math.Min(MaxDelay.Ticks, FirstDelay.Ticks << (failures - 1)));
        return wait * (1 + (Random.Shared.NextDouble() / 2));
    }
}
