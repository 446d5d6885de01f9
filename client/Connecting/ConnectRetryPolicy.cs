namespace HunyuanOrleans.Client.Connecting;

/// <summary>Retries the first connection until a timeout, because silos may start after their clients.</summary>
/// <param name="timeout">The timeout, counted from the creation of the policy.</param>
/// <param name="time">The clock.</param>
internal sealed class ConnectRetryPolicy(TimeSpan timeout, TimeProvider time) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly long _started = time.GetTimestamp();

    /// <inheritdoc/>
    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (time.GetElapsedTime(_started) + Pause > timeout || cancellationToken.IsCancellationRequested)
        {
            return false;
        }

        await Task.Delay(Pause, time, cancellationToken);
        return true;
    }
}
