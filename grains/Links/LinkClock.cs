using System.Diagnostics;

namespace HunyuanOrleans.Grains.Links;

/// <summary>
/// Wakes <see cref="LinkTimer"/>s with a precision of some ten microseconds, which timers of the thread pool do not have. One thread serves all
/// simulated links of the process; it sleeps while nothing is due.
/// </summary>
internal sealed class LinkClock
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<LinkTimer, long> _queue = new();
    private readonly List<LinkTimer> _due = [];
    private readonly PreciseEvent _wake = new();
    private long _sleepsUntil;

    private LinkClock() => new Thread(Run) { IsBackground = true, Name = "hunyuan-links" }.Start();

    /// <summary>The clock of the process.</summary>
    public static LinkClock Shared { get; } = new();

    /// <summary>How much earlier timers are completed than they are due, because what waits for them takes about as long to wake.</summary>
    public static TimeSpan Lead { get; } = TimeSpan.FromMicroseconds(10);

    private static long LeadTicks { get; } = (long)(Lead.TotalSeconds * Stopwatch.Frequency);

    /// <summary>True if a timer that is due at a time needs not wait.</summary>
    public static bool IsDue(long due) => due - LeadTicks <= Stopwatch.GetTimestamp();

    /// <summary>Completes a timer at a time.</summary>
    public void Add(LinkTimer timer, long due)
    {
        bool wakes;
        lock (_gate)
        {
            _queue.Enqueue(timer, due);
            wakes = due < _sleepsUntil;
            if (wakes)
            {
                _sleepsUntil = 0;
            }
        }

        if (wakes)
        {
            _wake.Set();
        }
    }

    private void Run()
    {
        while (true)
        {
            long wait = 0;
            lock (_gate)
            {
                while (_queue.TryPeek(out LinkTimer? timer, out long due) && IsDue(due))
                {
                    _due.Add(timer);
                    _queue.Dequeue();
                }

                _sleepsUntil = 0;
                if (_due.Count == 0)
                {
                    bool any = _queue.TryPeek(out _, out long next);
                    _sleepsUntil = any ? next : long.MaxValue;
                    wait = any ? next - LeadTicks - Stopwatch.GetTimestamp() : long.MaxValue;
                }
            }

            if (wait > 0)
            {
                _wake.Wait(wait);
            }

            _due.ForEach(static timer => timer.Complete());
            _due.Clear();
        }
    }
}
