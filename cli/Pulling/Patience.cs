namespace HunyuanOrleans.Cli.Pulling;

/// <summary>Tries again what may succeed a little later, with growing pauses or those the hub asks for.</summary>
/// <param name="pause">Waits.</param>
/// <param name="tell">Told of every failure that is tried again.</param>
internal sealed class Patience(Func<TimeSpan, CancellationToken, Task> pause, Action<string> tell)
{
    /// <summary>Attempts in a row that may get nowhere.</summary>
    public const int Attempts = 8;

    // About a minute and a half in all: longer than a hub's restart, shorter than a user's patience.
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5), LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>The longest pause a hub may ask for.</summary>
    public static readonly TimeSpan LongestAsked = TimeSpan.FromMinutes(15);

    /// <summary>Runs something until it succeeds.</summary>
    /// <param name="attempt">The work.</param>
    /// <param name="moved">After a failure: whether more is done than ever before, which makes it count as the first.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="HubException">It fails for good, or too often.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> attempt, Func<bool> moved, CancellationToken cancellation)
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

            failures = moved() ? 1 : failures;
            if (failures >= Attempts)
            {
                throw new HubException($"{fault.Message} Given up after {Attempts} attempts.", fault);
            }

            TimeSpan wait = Wait(fault.RetryAfter, failures);
            tell($"{fault.Message} Trying again in {wait.TotalSeconds:0.#} s.");
            await pause(wait, cancellation);
        }
    }

    // Up to half more, so that files that failed together do not come back together.
    private static TimeSpan Wait(TimeSpan? asked, int failures)
    {
        if (asked > LongestAsked)
        {
            throw new HubException($"The hub asks to wait {asked.Value.TotalMinutes:0} minutes; pull again then.");
        }

        TimeSpan wait = asked ?? TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, FirstPause.Ticks << (failures - 1)));
        return wait * (1 + (Random.Shared.NextDouble() / 2));
    }
}
