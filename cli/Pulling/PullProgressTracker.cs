namespace HunyuanOrleans.Cli.Pulling;

/// <summary>
/// Counts the files and bytes of a pull and estimates the time left. Thread-safe, except that <see cref="GetProgress"/> must be called by one
/// thread at a time.
/// </summary>
/// <param name="files">Number of files to pull.</param>
/// <param name="bytes">Size of all files in bytes.</param>
/// <param name="time">The clock.</param>
internal sealed class PullProgressTracker(int files, long bytes, TimeProvider time)
{
    // The speed is averaged over a short time, because the speed of hubs and networks changes.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    private readonly Queue<(long When, long Received)> _samples = [];
    private long _done, _received;
    private int _filesDone;

    /// <summary>Number of bytes received from the network.</summary>
    public long ReceivedBytes => Interlocked.Read(ref _received);

    /// <summary>Counts bytes that an earlier pull left on disk.</summary>
    public void AddExisting(long count) => Interlocked.Add(ref _done, count);

    /// <summary>Counts bytes received from the network.</summary>
    public void AddReceived(long count)
    {
        Interlocked.Add(ref _received, count);
        Interlocked.Add(ref _done, count);
    }

    /// <summary>Counts bytes that were discarded and have to be received again.</summary>
    public void AddDiscarded(long count) => Interlocked.Add(ref _done, -count);

    /// <summary>Counts a file that is complete.</summary>
    public void AddFile() => Interlocked.Increment(ref _filesDone);

    /// <summary>The current progress. The speed is the mean since the oldest call within the last 30 seconds.</summary>
    public PullProgress GetProgress()
    {
        long now = time.GetTimestamp(), received = ReceivedBytes, done = Interlocked.Read(ref _done);
        while (_samples.Count > 1 && time.GetElapsedTime(_samples.Peek().When, now) > Window)
        {
            _samples.Dequeue();
        }

        (long since, long before) = _samples.Count > 0 ? _samples.Peek() : (now, received);
        _samples.Enqueue((now, received));
        double seconds = time.GetElapsedTime(since, now).TotalSeconds;
        double speed = seconds > 0 ? (received - before) / seconds : 0;
        TimeSpan? left = done >= bytes ? TimeSpan.Zero
            : speed > 0 && (bytes - done) / speed is < 1e9 and double rest ? TimeSpan.FromSeconds(rest)
            : null;
        return new(done, bytes, Volatile.Read(ref _filesDone), files, speed, left);
    }
}
