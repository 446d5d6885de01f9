namespace HunyuanOrleans.Cluster.Tests.Runtime;

internal static class Wait
{
    /// <summary>Far longer than anything here takes, so that a hang fails rather than hangs.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!await condition().WaitAsync(limit.Token)) await Task.Delay(5, limit.Token);
    }

    /// <summary>Calls again where the silo that had the call went away.</summary>
    public static async Task<T> RetryAsync<T>(Func<Task<T>> call)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            try
            {
                return await call().WaitAsync(limit.Token);
            }
            catch (Exception e) when (e is SiloUnavailableException or OrleansMessageRejectionException or TimeoutException)
            {
                await Task.Delay(5, limit.Token);
            }
        }
    }
}
