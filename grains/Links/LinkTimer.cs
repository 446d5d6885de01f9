using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace HunyuanOrleans.Grains.Links;

/// <summary>Waits for a time of <see cref="Stopwatch"/>, again and again without allocating. One wait at a time; a cancelled timer waits no more.</summary>
internal sealed class LinkTimer(LinkClock clock) : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };
    private int _waiting;
    private volatile bool _cancelled;

    /// <summary>True once <see cref="Cancel"/> was called.</summary>
    public bool IsCancelled => _cancelled;

    /// <summary>Waits until a time, or until the timer is cancelled.</summary>
    public ValueTask WaitUntilAsync(long due)
    {
        if (_cancelled || LinkClock.IsDue(due))
        {
            return ValueTask.CompletedTask;
        }

        _source.Reset();
        short version = _source.Version;
        Volatile.Write(ref _waiting, 1);
        clock.Add(this, due);
        if (_cancelled)
        {
            Complete();
        }

        return new ValueTask(this, version);
    }

    /// <summary>Ends the present wait, if any.</summary>
    public void Complete()
    {
        if (Interlocked.Exchange(ref _waiting, 0) == 1)
        {
            _source.SetResult(true);
        }
    }

    /// <summary>Ends the present wait and all later ones.</summary>
    public void Cancel()
    {
        _cancelled = true;
        Complete();
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
