namespace HunyuanOrleans.Cli.Drills;

/// <summary>
/// Tracks the times between the tokens of one stream: the longest one, and the longest one since an action. Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class TokenGapTracker(TimeProvider time)
{
    private readonly Lock _gate = new();
    private long? _last;
    private long? _action;
    private long _tokens;
    private TimeSpan _longestGap;
    private TimeSpan _longestWait;

    /// <summary>Number of tokens so far.</summary>
    public long Tokens
    {
        get
        {
            lock (_gate)
            {
                return _tokens;
            }
        }
    }

    /// <summary>The longest time from one token to the next, over all answers. The time before the first token does not count.</summary>
    public TimeSpan LongestGap
    {
        get
        {
            lock (_gate)
            {
                return _longestGap;
            }
        }
    }

    /// <summary>Records tokens that have just arrived.</summary>
    public void RecordTokens(int tokens)
    {
        lock (_gate)
        {
            long now = time.GetTimestamp();
            Measure(now);
            _last = now;
            _tokens += tokens;
        }
    }

    /// <summary>Records the time of an action.</summary>
    public void MarkAction()
    {
        lock (_gate)
        {
            (_action, _longestWait) = (time.GetTimestamp(), TimeSpan.Zero);
        }
    }

    /// <summary>
    /// The longest time that the stream waited for a token after <see cref="MarkAction"/>. The longest one counts, because the first token after an
    /// action may have been in flight already and would hide that the next one was late.
    /// </summary>
    public TimeSpan TakeLongestWait()
    {
        lock (_gate)
        {
            Measure(time.GetTimestamp());
            _action = null;
            return _longestWait;
        }
    }

    private void Measure(long now)
    {
        if (_last is not { } last)
        {
            return;
        }

        TimeSpan gap = time.GetElapsedTime(last, now);
        _longestGap = gap > _longestGap ? gap : _longestGap;
        if (_action is { } action)
        {
            TimeSpan wait = time.GetElapsedTime(Math.Max(last, action), now);
            _longestWait = wait > _longestWait ? wait : _longestWait;
        }
    }
}
