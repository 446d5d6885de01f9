namespace HunyuanOrleans.Server.Limits;

/// <summary>A token bucket that refills evenly over a minute. Its level becomes negative if a charge exceeds it. Thread-safe.</summary>
/// <param name="perMinute">The capacity, and the amount added per minute; above 0.</param>
/// <param name="time">The clock.</param>
internal sealed class TokenBucket(int perMinute, TimeProvider time)
{
    private readonly Lock _gate = new();
    private double _level = perMinute;
    private long _refilled = time.GetTimestamp();

    /// <summary>Takes an amount if enough is left.</summary>
    /// <param name="amount">The amount to take.</param>
    /// <param name="min">The level that is needed.</param>
    /// <returns>Null if the amount was taken; otherwise how long until the level is reached.</returns>
    public TimeSpan? TryTake(double amount, double min)
    {
        lock (_gate)
        {
            Refill();
            if (_level >= min)
            {
                _level -= amount;
                return null;
            }

            return TimeSpan.FromMinutes((min - _level) / perMinute);
        }
    }

    /// <summary>Takes an amount whatever the level is.</summary>
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
        _level = Math.Min(perMinute, _level + (time.GetElapsedTime(_refilled, now).TotalMinutes * perMinute));
        _refilled = now;
    }
}
