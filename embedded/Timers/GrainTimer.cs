using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>When a grain timer ticks, and how its ticks fit in with requests.</summary>
public readonly struct GrainTimerCreationOptions()
{
    /// <summary>Options with these times.</summary>
    [SetsRequiredMembers]
    public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period) : this() => (DueTime, Period) = (dueTime, period);

    /// <summary>The time to the first tick; infinite for none yet.</summary>
    public required TimeSpan DueTime { get; init; }

    /// <summary>The time from the end of a tick to the next; infinite for one tick only.</summary>
    public required TimeSpan Period { get; init; }

    /// <summary>Whether ticks interleave with requests. Default false: they wait their turn as requests do.</summary>
    public bool Interleave { get; init; }

    /// <summary>Whether a tick counts as the grain being in use. Default false.</summary>
    public bool KeepAlive { get; init; }
}

/// <summary>A timer of a grain; it ends with the activation.</summary>
public interface IGrainTimer : IDisposable
{
    /// <summary>Sets new times; during a tick, from the end of that on.</summary>
    void Change(TimeSpan dueTime, TimeSpan period);
}

internal sealed class GrainTimer : Work, IGrainTimer
{
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly ITimer _timer;
    private TimeSpan _next;
    private TimeSpan _period;
    private bool _ticking;
    private bool _changed;

    public GrainTimer(Activation activation, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        (_activation, _callback) = (activation, callback);
        (Interleaves, KeepsAlive) = (options.Interleave, options.KeepAlive);
        using (ExecutionContext.SuppressFlow())
            _timer = activation.Silo.Time.CreateTimer(static t => ((GrainTimer)t!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public override bool IsDone => _stop.IsCancellationRequested;

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            (_next, _period, _changed) = (dueTime, period, true);
            if (!_ticking) _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _stop.Cancel();
        _activation.RemoveTimer(this);
    }

    public override async Task RunAsync(Activation activation)
    {
        try
        {
            await _callback(_stop.Token);
        }
        catch (Exception exception)
        {
            activation.Silo.Services.GetRequiredService<ILogger<GrainTimer>>().LogWarning(exception, "A timer of {Activation} threw.", activation);
        }
        lock (_gate)
        {
            _ticking = false;
            _timer.Change(_changed ? _next : _period, Timeout.InfiniteTimeSpan);
        }
    }

    public override void Fail(Exception exception) { }

    private void Tick()
    {
        lock (_gate)
        {
            if (_ticking) return;
            (_ticking, _changed) = (true, false);
        }
        _activation.Post(this);
    }
}
