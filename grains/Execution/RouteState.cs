namespace HunyuanOrleans.Grains.Execution;

/// <summary>The route of a model's scheduler, the reason why there is none, and the notification of changes. Thread-safe.</summary>
internal sealed class RouteState
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = NewSignal();
    private volatile Route? _current;
    private volatile string _problem = "The model is not loaded yet.";
    private volatile bool _planFailed;
    private volatile Route? _inUse;
    private volatile bool _isStepping;
    private volatile RouteLoading? _loading;
    private long _loadedUntil;

    /// <summary>The latest route; null before the first.</summary>
    public Route? Current => _current;

    /// <summary>The route that steps took last; null before the first step. It lags behind <see cref="Current"/> until the next step.</summary>
    public Route? InUse
    {
        get => _inUse;
        set => _inUse = value;
    }

    /// <summary>True while a step uses a route or switches to one, not while it waits for one.</summary>
    public bool IsStepping
    {
        get => _isStepping;
        set => _isStepping = value;
    }

    /// <summary>Why there is no usable route, for users; null if there is one.</summary>
    public string? Problem => IsUsable ? null : _problem;

    /// <summary>How far the next route is loaded; null while none is being loaded.</summary>
    public RouteLoading? Loading => _loading;

    /// <summary>True while a route is being loaded, or is loaded and the steps have not switched to it yet.</summary>
    public bool IsChanging => _loading is not null || (_inUse is { } used && used != _current);

    /// <summary>
    /// Timestamp until which silos load, or made progress with loading, while there is or was no usable route; 0 if they never did. Steps wait for loading
    /// only without a usable route.
    /// </summary>
    public long LoadedUntil
    {
        get
        {
            lock (_gate)
            {
                return IsUsable ? _loadedUntil : Math.Max(_loadedUntil, _loading?.ExpectedEnd ?? 0);
            }
        }
    }

    /// <summary>True if the last attempt to plan found no plan for the silos of the cluster.</summary>
    public bool PlanFailed => _planFailed;

    /// <summary>Completes when a route is published or planning fails.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate)
            {
                return _changed.Task;
            }
        }
    }

    /// <summary>Waits for a route that is not broken.</summary>
    public async Task<Route> WaitForUsableAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_current is { Broken: false } route)
                {
                    return route;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Records that a route is being loaded.</summary>
    public void BeginLoading(RouteLoading loading) => _loading = loading;

    /// <summary>Records that loading has ended, successfully or not.</summary>
    public void EndLoading()
    {
        lock (_gate)
        {
            RecordProgress();
            _loading = null;
        }
    }

    /// <summary>Makes a route the current one.</summary>
    public void Publish(Route route)
    {
        lock (_gate)
        {
            RecordProgress();
            _planFailed = false;
            _problem = "A part of the model was lost and is being replaced.";
            _current = route;
            Notify();
        }
    }

    /// <summary>Records that the current route is what the cluster allows.</summary>
    public void Confirm() => _planFailed = false;

    /// <summary>Records that there is no plan for the silos of the cluster.</summary>
    /// <param name="problem">The reason, for users.</param>
    public void Fail(string problem)
    {
        lock (_gate)
        {
            _problem = problem;
            _planFailed = true;
            Notify();
        }
    }

    /// <summary>Records that there is no plan yet, and that steps wait for silos that will soon be usable as they wait for loading.</summary>
    /// <param name="problem">The reason, for users.</param>
    /// <param name="now">The present timestamp.</param>
    public void Await(string problem, long now)
    {
        lock (_gate)
        {
            _problem = problem;
            _loadedUntil = IsUsable ? _loadedUntil : now;
        }
    }

    /// <summary>Sets the reason why there is no usable route while planning goes on.</summary>
    public void Explain(string problem) => _problem = problem;

    private bool IsUsable => _current is { Broken: false };

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void RecordProgress()
    {
        if (!IsUsable)
        {
            _loadedUntil = Math.Max(_loadedUntil, _loading?.Advanced ?? 0);
        }
    }

    private void Notify()
    {
        (TaskCompletionSource changed, _changed) = (_changed, NewSignal());
        changed.SetResult();
    }
}
