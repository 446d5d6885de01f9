using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Engine.Placement;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// Keeps a usable route: plans again whenever silos join, leave, die or stop responding, and while a plan fails. The executor takes a new route
/// when no step is under way. Thread-safe. It does not know requests or steps.
/// </summary>
internal sealed class RouteManager(
    string model, RoutePlanner planner, RouteState state, ClusterView view, TimeSpan planDelay, ILogger logger, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(500), LeavePoll = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly Lock _gate = new();
    private Task[] _loops = [];

    /// <summary>Epoch of this scheduler. Shards refuse schedulers with a lower one.</summary>
    public long Epoch => planner.Epoch;

    /// <summary>The latest route; null before the first.</summary>
    public Route? Current => state.Current;

    /// <summary>Why there is no usable route, for users; null if there is one.</summary>
    public string? Problem => state.Problem;

    /// <summary>How far the next route is loaded; null while none is being loaded.</summary>
    public RouteLoading? Loading => state.Loading;

    /// <inheritdoc cref="RouteState.IsChanging"/>
    public bool IsChanging => state.IsChanging;

    /// <inheritdoc cref="RouteState.LoadedUntil"/>
    public long LoadedUntil => state.LoadedUntil;

    /// <summary>Names of the active silos, in order.</summary>
    public string[] ActiveSilos => view.ActiveSilos;

    /// <summary>Active silos that take no part in the model, with the reason.</summary>
    public IReadOnlyDictionary<string, string> LeftOut => view.LeftOut;

    /// <summary>Completes once another scheduler has taken over.</summary>
    public Task Superseded => planner.Superseded;

    /// <summary>Starts to watch the cluster and to plan.</summary>
    public Task StartAsync()
    {
        _loops = [Task.Run(WatchAsync), Task.Run(PlanAsync)];
        return Task.CompletedTask;
    }

    /// <summary>Waits for a route that is not broken.</summary>
    public Task<Route> WaitForUsableAsync(CancellationToken cancellationToken) => state.WaitForUsableAsync(cancellationToken);

    /// <summary>Records that a step failed on a route: the route is not used again, and its silos are probed.</summary>
    public void ReportBroken(Route route)
    {
        route.Broken = true;
        Wake();
    }

    /// <summary>Plans without a silo, and waits until the route in use no longer needs it or no plan exists without it.</summary>
    /// <param name="silo">Name of the silo that is about to stop.</param>
    /// <param name="inUse">Returns the route that steps take.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>True if the silo is not needed any more.</returns>
    public async Task<bool> LeaveAsync(string silo, Func<Route?> inUse, CancellationToken cancellationToken)
    {
        // The address is looked up now: by the time of the next plan another silo may have the name.
        if (view.Find(silo) is { } address)
        {
            planner.Exclude(address);
        }

        Wake();
        while (true)
        {
            Task changed = state.Changed;
            if (state.Current is { Broken: false } route && !route.Silos.Contains(silo) && (inUse() is not { } used || !used.Silos.Contains(silo)))
            {
                return true;
            }

            if (state.PlanFailed || Superseded.IsCompleted)
            {
                return false;
            }

            await Task.WhenAny(changed, Task.Delay(LeavePoll, time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Lets all silos drop the weights that a route does not need.</summary>
    public Task CleanUpAsync(Route route) => Task.WhenAll(view.ActiveSilos.Select(silo => CleanUpAsync(route, silo)));

    /// <summary>Plans again because the load of the experts has changed.</summary>
    public void Rebalance(ExpertLoad load)
    {
        planner.SetLoad(load);
        Wake();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_loops);
        _stop.Dispose();
    }

    private async Task CleanUpAsync(Route route, string silo)
    {
        try
        {
            await view.Silo(silo).RetainAsync(model, Epoch, route.Version, route.HoldersOn(silo)).ConfigureAwait(false);
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault))
        {
            // The clean-up of the next route covers this one.
            RouteLog.NotCleanedUp(logger, silo, model, fault.Message);
        }
    }

    /// <summary>Plans again.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            if (_wake.CurrentCount == 0)
            {
                _wake.Release();
            }
        }
    }

    private async Task WatchAsync()
    {
        try
        {
            await foreach (ClusterMembershipSnapshot _ in view.MembershipUpdates.WithCancellation(_stop.Token))
            {
                planner.CancelIfLost();
                Wake();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    private async Task PlanAsync()
    {
        while (!_stop.IsCancellationRequested && !Superseded.IsCompleted)
        {
            bool settled;
            try
            {
                settled = await planner.PlanAsync(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                // The loop must not end whatever happens: without it no request would ever finish.
                RouteLog.PlanFailed(logger, model, fault);
                settled = false;
            }

            try
            {
                await WaitAsync(settled);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    // Silos that are excluded now may be usable soon, so the wait ends after a while. Changes of a usable route are collected for a moment.
    private async Task WaitAsync(bool settled)
    {
        if (!settled || view.HasExcluded)
        {
            await _wake.WaitAsync(RetryPause, _stop.Token);
            return;
        }

        await _wake.WaitAsync(view.RetryTime ?? Timeout.InfiniteTimeSpan, _stop.Token);
        await Task.Delay(state.Current is { Broken: false } ? planDelay : TimeSpan.Zero, time, _stop.Token);
    }
}
