namespace HunyuanOrleans.Grains.Devices;

/// <summary>Measures how fast a silo loads the pieces of a model, and how much is left. Thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class LoadMeter(TimeProvider time)
{
    private readonly Lock _gate = new();
    private int _active;
    private long _began;
    private TimeSpan _finished;
    private long _loaded;
    private long _left;

    /// <summary>Bytes of all pieces that were loaded.</summary>
    public long LoadedBytes
    {
        get
        {
            lock (_gate)
            {
                return _loaded;
            }
        }
    }

    /// <summary>Bytes of the pieces that wait or are being loaded.</summary>
    public long BytesLeft
    {
        get
        {
            lock (_gate)
            {
                return _left;
            }
        }
    }

    /// <summary>The time in which at least one piece was being loaded.</summary>
    public TimeSpan Elapsed
    {
        get
        {
            lock (_gate)
            {
                return _active == 0 ? _finished : _finished + time.GetElapsedTime(_began);
            }
        }
    }

    /// <summary>How long loading the rest takes at the speed so far; null while nothing was loaded.</summary>
    public TimeSpan? TimeLeft => TimeFor(BytesLeft);

    /// <summary>How long loading so many bytes takes at the speed so far; null while nothing was loaded.</summary>
    public TimeSpan? TimeFor(long bytes)
    {
        lock (_gate)
        {
            return bytes == 0 ? TimeSpan.Zero : _loaded == 0 ? null : Elapsed * ((double)bytes / _loaded);
        }
    }

    /// <summary>Records that a piece has to be loaded.</summary>
    public void Add(long bytes)
    {
        lock (_gate)
        {
            _left += bytes;
        }
    }

    /// <summary>Records that loading a piece begins.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            if (_active++ == 0)
            {
                _began = time.GetTimestamp();
            }
        }
    }

    /// <summary>Records that loading a piece has ended.</summary>
    /// <param name="bytes">Bytes that were loaded; 0 if loading failed.</param>
    public void End(long bytes)
    {
        lock (_gate)
        {
            _loaded += bytes;
            if (--_active == 0)
            {
                _finished += time.GetElapsedTime(_began);
            }
        }
    }

    /// <summary>Records that a piece has been loaded or is not wanted any more.</summary>
    public void Remove(long bytes)
    {
        lock (_gate)
        {
            _left -= bytes;
        }
    }
}
