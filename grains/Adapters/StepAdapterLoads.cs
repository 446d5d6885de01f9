using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Adapters;

/// <summary>
/// The sets of adapters that a silo loads for steps. All who need the same set wait for one load. It ends early when nobody has waited for it for a while, and when
/// the silo stops. Thread-safe. It does not know how adapters are loaded.
/// </summary>
/// <param name="load">Loads a set, until its token is cancelled.</param>
/// <param name="time">The clock.</param>
internal sealed class StepAdapterLoads(Func<AdapterMessage[], CancellationToken, Task<StepAdapters>> load, TimeProvider time) : IDisposable
{
    /// <summary>How long a load goes on that nobody waits for. Those that wait in several calls, one after the other, ask again sooner.</summary>
    public static readonly TimeSpan AbandonTime = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Load> _loads = new(StringComparer.Ordinal);
    private bool _disposed;

    /// <summary>Number of sets that are being loaded.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _loads.Count;
            }
        }
    }

    /// <summary>Waits for the load of a set, which begins unless it runs.</summary>
    /// <param name="adapters">The adapters.</param>
    /// <param name="maxWait">How long to wait at most.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The set, which the caller disposes; null if it is not loaded yet.</returns>
    /// <exception cref="ObjectDisposedException">The silo stops.</exception>
    public async Task<StepAdapters?> WaitAsync(AdapterMessage[] adapters, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        Load joined = Join(adapters);
        try
        {
            Task<StepAdapters> loading = joined.Result.Task;
            await ((Task)loading.WaitAsync(maxWait, time, cancellationToken)).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            if (loading.IsCompleted)
            {
                return (await loading).Share();
            }

            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
        finally
        {
            Leave(joined);
        }
    }

    /// <summary>Ends all loads.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (Load load in _loads.Values)
            {
                load.Abandon();
            }
        }
    }

    private Load Join(AdapterMessage[] adapters)
    {
        // The folder too: an adapter may have been added again from another one, while the load from the first fails.
        string key = string.Join('\n', adapters.Select(static adapter => $"{adapter.Digest} {adapter.Folder}"));
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_loads.TryGetValue(key, out Load? joined) || joined.IsAbandoned)
            {
                _loads[key] = joined = new Load();
                _ = RunAsync(key, joined, adapters);
            }

            joined.Waiting++;
            joined.Deadline?.Dispose();
            joined.Deadline = null;
            return joined;
        }
    }

    private void Leave(Load left)
    {
        lock (_gate)
        {
            if (--left.Waiting > 0)
            {
                return;
            }

            if (left.HasEnded)
            {
                left.Drop();
            }
            else
            {
                left.Deadline = time.CreateTimer(_ => AbandonUnlessWaited(left), null, AbandonTime, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void AbandonUnlessWaited(Load unused)
    {
        lock (_gate)
        {
            if (unused is { Waiting: 0, HasEnded: false })
            {
                unused.Abandon();
            }
        }
    }

    private async Task RunAsync(string key, Load running, AdapterMessage[] adapters)
    {
        StepAdapters? set = null;
        Exception? fault = null;
        try
        {
            set = await Task.Run(() => load(adapters, running.Stopping)).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            fault = failure;
        }

        lock (_gate)
        {
            if (_loads.GetValueOrDefault(key) == running)
            {
                _loads.Remove(key);
            }

            running.End(set, fault);
            if (running.Waiting == 0)
            {
                running.Drop();
            }
        }
    }

    /// <summary>A set that is being loaded, and keeps what was loaded in memory while anyone waits for it.</summary>
    private sealed class Load
    {
        private readonly CancellationTokenSource _stop = new();

        public TaskCompletionSource<StepAdapters> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationToken Stopping => _stop.Token;

        public int Waiting { get; set; }

        public ITimer? Deadline { get; set; }

        public bool IsAbandoned { get; private set; }

        public bool HasEnded => Result.Task.IsCompleted;

        // What the cancellation wakes must not run under the lock.
        public void Abandon()
        {
            IsAbandoned = true;
            _ = _stop.CancelAsync();
        }

        public void End(StepAdapters? set, Exception? fault)
        {
            Deadline?.Dispose();
            if (set is not null)
            {
                Result.SetResult(set);
                return;
            }

            Result.SetException(fault!);

            // Nobody may be waiting: reading Exception marks it as observed.
            _ = Result.Task.Exception;
        }

        public void Drop()
        {
            if (Result.Task.IsCompletedSuccessfully)
            {
                Result.Task.Result.Dispose();
            }
        }
    }
}
