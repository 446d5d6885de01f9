namespace HunyuanOrleans.Server.Limits;

/// <summary>An allowance that refills evenly over a minute. It may go below nothing, when something cost more than was known. Any thread.</summary>
/// <param name="perMinute">The allowance, above 0.</param>
/// <param name="time">The clock.</param>
internal sealed class TokenBucket(int perMinute, TimeProvider time)
{
    private readonly Lock _gate = new();
    private double _level = perMinute;
    private long _seen = time.GetTimestamp();

    /// <summary>Takes an amount where as much is left.</summary>
    /// <param name="amount">How much is taken.</param>
    /// <param name="least">How much must be left for that.</param>
    /// <returns>Null where it was taken, else how long until it can be.</returns>
    public TimeSpan? TryTake(double amount, double least)
    {
        lock (_gate)
        {
            Refill();
            if (_level >= least)
            {
                _level -= amount;
                return null;
            }

            return TimeSpan.FromMinutes((least - _level) / perMinute);
        }
    }

    /// <summary>Takes an amount, whatever is left.</summary>
    public void Charge(double amount)
    {
        lock (_gate)
        {
            Refill();
            _level -= amount;
        }
    }

    private void Refill()
    {
        long now = time.GetTimestamp();
        _level = Math.Min(perMinute, _level + (time.GetElapsedTime(_seen, now).TotalMinutes * perMinute));
        _seen = now;
    }
}
