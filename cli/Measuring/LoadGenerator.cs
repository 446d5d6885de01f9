namespace HunyuanOrleans.Cli.Measuring;

/// <summary>Sends all requests of a plan at their moments.</summary>
internal static class LoadGenerator
{
    /// <summary>Runs to the end.</summary>
    /// <param name="client">Sends one.</param>
    /// <param name="plan">What is sent.</param>
    /// <param name="time">The clock.</param>
    /// <param name="done">Told how many are over.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Their results, and how many seconds all took.</returns>
    public static async Task<(LoadSample[] Samples, double Seconds)> RunAsync(
        LoadClient client, LoadPlan plan, TimeProvider time, Action<int> done, CancellationToken cancellation)
    {
        LoadSample[] samples = new LoadSample[plan.Requests];
        TimeSpan[] moments = Moments(plan);
        using SemaphoreSlim room = new(plan.Concurrency, plan.Concurrency);
        long begun = time.GetTimestamp();
        int over = 0;
        List<Task> running = [];
        for (int i = 0; i < plan.Requests; i++)
        {
            TimeSpan wait = moments[i] - time.GetElapsedTime(begun);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, time, cancellation);
            }

            await room.WaitAsync(cancellation);
            running.Add(SendAsync(i));
        }

        await Task.WhenAll(running);
        return (samples, time.GetElapsedTime(begun).TotalSeconds);

        async Task SendAsync(int index)
        {
            try
            {
                samples[index] = await client.SendAsync(index, cancellation);
                done(Interlocked.Increment(ref over));
            }
            finally
            {
                room.Release();
            }
        }
    }

    private static TimeSpan[] Moments(LoadPlan plan)
    {
        Random random = new(plan.Seed);
        TimeSpan[] moments = new TimeSpan[plan.Requests];
        double seconds = 0;
        for (int i = 0; i < moments.Length && plan.Rate is double rate; i++)
        {
            moments[i] = TimeSpan.FromSeconds(seconds);
            seconds -= Math.Log(1 - random.NextDouble()) / rate;
        }

        return moments;
    }
}
