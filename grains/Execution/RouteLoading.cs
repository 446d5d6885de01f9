using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>Adds up how far the silos are with loading a route. Thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class RouteLoading(TimeProvider time)
{
    // A speed that was measured over almost nothing says little.
    private const double MaxExpectedSeconds = 24 * 3600;

    private readonly Lock _gate = new();
    private readonly Dictionary<PinnedKey, LoadState> _states = [];
    private long _advanced;
    private double _expectedSeconds;

    /// <summary>The sum over all silos.</summary>
    public LoadingProgress Progress
    {
        get
        {
            lock (_gate)
            {
                return Sum();
            }
        }
    }

    /// <summary>Timestamp of the last progress; 0 before the first.</summary>
    public long Advanced
    {
        get
        {
            lock (_gate)
            {
                return _advanced;
            }
        }
    }

    /// <summary>
    /// Timestamp at which everything should be loaded, estimated at the last progress; 0 before the first. It does not move while loading stands still.
    /// </summary>
    public long ExpectedEnd
    {
        get
        {
            lock (_gate)
            {
                return _advanced + (long)(_expectedSeconds * time.TimestampFrequency);
            }
        }
    }

    /// <summary>Records the state of a shard or an expert group.</summary>
    public void Report(PinnedKey key, LoadState state)
    {
        lock (_gate)
        {
            LoadState? before = _states.GetValueOrDefault(key);
            _states[key] = state with { TotalBytes = Math.Max(state.TotalBytes, before?.TotalBytes ?? 0) };
            if (before is not null && state.BytesLeft < before.BytesLeft)
            {
                (_advanced, _expectedSeconds) = (time.GetTimestamp(), Math.Min(Sum().SecondsLeft ?? 0, MaxExpectedSeconds));
            }
        }
    }

    private LoadingProgress Sum()
    {
        long total = 0, left = 0;
        double? seconds = 0;
        foreach (LoadState state in _states.Values)
        {
            total += state.TotalBytes;
            left += state.BytesLeft;
            if (state.BytesLeft > 0)
            {
                // Silos load at the same time, so the slowest counts.
                seconds = seconds is { } most && state.SecondsLeft is { } own ? Math.Max(most, own) : null;
            }
        }

        return new LoadingProgress(total, left, seconds);
    }
}
