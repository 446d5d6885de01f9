namespace HunyuanOrleans.Cli.Pulling;

/// <summary>How far a pull is, and how long it will still take. Safe from any thread, but for <see cref="Look"/>.</summary>
/// <param name="files">All files.</param>
/// <param name="bytes">All bytes.</param>
/// <param name="time">The clock.</param>
internal sealed class PullMeter(int files, long bytes, TimeProvider time)
{
    // Speed is that of the last moments: hubs and networks change theirs.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    private readonly Queue<(long When, long Received)> _looks = [];
    private long _done, _received;
    private int _filesDone;

    /// <summary>Bytes that came over the network.</summary>
    public long ReceivedBytes => Interlocked.Read(ref _received);

    /// <summary>Bytes that were there already.</summary>
    public void Found(long count) => Interlocked.Add(ref _done, count);

    /// <summary>Bytes that came.</summary>
    public void Received(long count)
    {
        Interlocked.Add(ref _received, count);
        Interlocked.Add(ref _done, count);
    }

    /// <summary>Bytes that have to come again.</summary>
    public void Lost(long count) => Interlocked.Add(ref _done, -count);

    /// <summary>A file is whole and has its name.</summary>
    public void FileDone() => Interlocked.Increment(ref _filesDone);

    /// <summary>How far it is now; by one thread, every now and then.</summary>
    public PullProgress Look()
    {
        long now = time.GetTimestamp(), received = ReceivedBytes, done = Interlocked.Read(ref _done);
        while (_looks.Count > 1 && time.GetElapsedTime(_looks.Peek().When, now) > Window)
        {
            _looks.Dequeue();
        }

        (long since, long before) = _looks.Count > 0 ? _looks.Peek() : (now, received);
        _looks.Enqueue((now, received));
        double seconds = time.GetElapsedTime(since, now).TotalSeconds;
        double speed = seconds > 0 ? (received - before) / seconds : 0;
        TimeSpan? left = done >= bytes ? TimeSpan.Zero
            : speed > 0 && (bytes - done) / speed is < 1e9 and double rest ? TimeSpan.FromSeconds(rest)
            : null;
        return new(done, bytes, Volatile.Read(ref _filesDone), files, speed, left);
    }
}
