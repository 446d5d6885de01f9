namespace HunyuanOrleans.Cli.Drills;

/// <summary>
/// When tokens of one stream came: its longest silence, and how long it waited because of something that was done at a moment. Written by the
/// stream, read by anyone.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class StreamMeter(TimeProvider time)
{
    private readonly Lock _gate = new();
    private long? _last;
    private long? _moment;
    private long _tokens;
    private TimeSpan _longest;
    private TimeSpan _wait;

    /// <summary>Tokens so far.</summary>
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

    /// <summary>The longest time from one token to the next, over all answers. What came before the first token does not count.</summary>
    public TimeSpan LongestGap
    {
        get
        {
            lock (_gate)
            {
                return _longest;
            }
        }
    }

    /// <summary>Notes that tokens came.</summary>
    public void Came(int tokens)
    {
        lock (_gate)
        {
            long now = time.GetTimestamp();
            Measure(now);
            _last = now;
            _tokens += tokens;
        }
    }

    /// <summary>Says that something is done now.</summary>
    public void Mark()
    {
        lock (_gate)
        {
            (_moment, _wait) = (time.GetTimestamp(), TimeSpan.Zero);
        }
    }

    /// <summary>
    /// The longest wait for a next token since the moment of <see cref="Mark"/>, counted from that moment where it had begun before: a token that
    /// was on its way already does not hide that the one behind it was late.
    /// </summary>
    public TimeSpan TakeWait()
    {
        lock (_gate)
        {
            Measure(time.GetTimestamp());
            _moment = null;
            return _wait;
        }
    }

    private void Measure(long now)
    {
        if (_last is not { } last)
        {
            return;
        }

        TimeSpan gap = time.GetElapsedTime(last, now);
        _longest = gap > _longest ? gap : _longest;
        if (_moment is { } moment)
        {
            TimeSpan wait = time.GetElapsedTime(Math.Max(last, moment), now);
            _wait = wait > _wait ? wait : _wait;
        }
    }
}
