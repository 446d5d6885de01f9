using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Adapters;

/// <summary>
/// Lets requests use as many adapters at the same time as fit into the memory of every silo, so that no step needs more. Others wait, in order of arrival. Each
/// adapter counts in full, although a silo loads the part for its pieces. Thread-safe.
/// </summary>
internal sealed class AdapterLeases
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<string, (long Bytes, int Users)> _used = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytes;

    /// <summary>Bytes that the silo with the least memory for adapters has. Default: as many as there are.</summary>
    public long Budget
    {
        get;
        set
        {
            lock (_gate)
            {
                field = value;
                Notify();
            }
        }
    } = long.MaxValue;

    /// <summary>Bytes of the adapters in use.</summary>
    public long UsedBytes
    {
        get
        {
            lock (_gate)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Waits until there is room for an adapter.</summary>
    /// <param name="record">The adapter.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<ClusterAdapter> AcquireAsync(AdapterRecord record, CancellationToken cancellationToken)
    {
        if (TryAcquire(record, onlyUsed: true, out _) is { } used)
        {
            return used;
        }

        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (true)
            {
                if (TryAcquire(record, onlyUsed: false, out Task changed) is { } adapter)
                {
                    return adapter;
                }

                await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private ClusterAdapter? TryAcquire(AdapterRecord record, bool onlyUsed, out Task changed)
    {
        lock (_gate)
        {
            changed = _changed.Task;
            bool isUsed = _used.TryGetValue(record.Digest, out (long Bytes, int Users) use);
            if (!isUsed && (onlyUsed || (_bytes > 0 && _bytes + record.Bytes > Budget)))
            {
                return null;
            }

            _bytes += isUsed ? 0 : record.Bytes;
            _used[record.Digest] = (record.Bytes, use.Users + 1);
            return new ClusterAdapter(record, () => Release(record.Digest));
        }
    }

    private void Release(string digest)
    {
        lock (_gate)
        {
            (long bytes, int users) = _used[digest];
            if (users > 1)
            {
                _used[digest] = (bytes, users - 1);
                return;
            }

            _used.Remove(digest);
            _bytes -= bytes;
            Notify();
        }
    }

    private void Notify()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
