namespace HunyuanOrleans.Cli.Measuring;

/// <summary>Sends all requests of a plan at their start times.</summary>
internal static class LoadGenerator
{
    /// <summary>Sends the requests and waits for all answers.</summary>
    /// <param name="client">Sends a request.</param>
    /// <param name="plan">The requests.</param>
    /// <param name="time">The clock.</param>
    /// <param name="done">Receives the number of finished requests.</param>
    /// <param name="cancellation">Cancels all requests.</param>
    /// <returns>A sample for each request, and the duration of the whole run in seconds.</returns>
    public static async Task<(LoadSample[] Samples, double Seconds)> RunAsync(
        LoadClient client, LoadPlan plan, TimeProvider time, Action<int> done, CancellationToken cancellation)
    {
        LoadSample[] samples = new LoadSample[plan.Requests];
        TimeSpan[] startTimes = StartTimes(plan);
        using SemaphoreSlim slots = new(plan.Concurrency, plan.Concurrency);
        long started = time.GetTimestamp();
        int finished = 0;
        List<Task> running = [];
        for (int i = 0; i < plan.Requests; i++)
        {
            TimeSpan wait = startTimes[i] - time.GetElapsedTime(started);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, time, cancellation);
            }

            await slots.WaitAsync(cancellation);
            running.Add(SendAsync(i));
        }

        await Task.WhenAll(running);
        return (samples, time.GetElapsedTime(started).TotalSeconds);

        async Task SendAsync(int index)
        {
            try
            {
                double sent = time.GetElapsedTime(started).TotalMilliseconds;
                samples[index] = await client.SendAsync(index, cancellation) with { Started = sent };
                done(Interlocked.Increment(ref finished));
            }
            finally
            {
                slots.Release();
            }
        }
    }

    // The times between starts are exponentially distributed, as in a Poisson process. Without a rate, all start times are zero.
    private static TimeSpan[] StartTimes(LoadPlan plan)
    {
        Random random = new(plan.Seed);
        TimeSpan[] startTimes = new TimeSpan[plan.Requests];
        double seconds = 0;
        for (int i = 0; i < startTimes.Length && plan.Rate is double rate; i++)
        {
            startTimes[i] = TimeSpan.FromSeconds(seconds);
            seconds -= Math.Log(1 - random.NextDouble()) / rate;
        }

        return startTimes;
    }
}
