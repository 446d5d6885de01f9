namespace HunyuanOrleans.Client.Connecting;

/// <summary>How long the first connection is tried: silos may start after their clients.</summary>
/// <param name="patience">How long.</param>
/// <param name="time">The clock.</param>
internal sealed class ConnectPatience(TimeSpan patience, TimeProvider time) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly long _began = time.GetTimestamp();

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (time.GetElapsedTime(_began) + Pause > patience || cancellationToken.IsCancellationRequested)
        {
            return false;
        }

        await Task.Delay(Pause, time, cancellationToken);
        return true;
    }
}
