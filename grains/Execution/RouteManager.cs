using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Model.Configuration;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// Keeps a usable route: makes a plan whenever silos come, leave, die or turn out to be gone, gets it ready in the background, and offers it. The
/// executor takes it between two steps. It does not know requests or steps.
/// </summary>
internal sealed class RouteManager : IAsyncDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(500);

    private readonly ModelConfig _config;
    private readonly PlanOptions _planOptions;
    private readonly HunyuanSiloOptions _options;
    private readonly string _isa;
    private readonly string _model;
    private readonly string _form;
    private readonly HashSet<string> _strangers = [];
    private readonly ClusterView _view;
    private readonly RoutePreparer _preparation;
    private readonly IClusterMembershipService _membership;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly Lock _gate = new();
    private readonly List<SiloAddress> _leaving = [];
    private readonly Task[] _loops;
    private TaskCompletionSource _changed = NewSignal();
    private volatile Route? _current;
    private volatile string? _problem = "The model is not loaded yet.";
    private volatile bool _planFailed;
    private volatile ExpertLoad? _load;
    private long _version;

    public RouteManager(
        ModelSettings settings, ModelConfig config, HunyuanSiloOptions options, string isa, ClusterView view, RoutePreparer preparation, IClusterMembershipService membership, ILogger logger, TimeProvider time)
    {
        _config = config;
        _options = options;
        _isa = isa;
        _model = settings.Name;
        _form = settings.Form(config);
        _view = view;
        _preparation = preparation;
        _membership = membership;
        _logger = logger;
        _time = time;
        _planOptions = new PlanOptions
        {
            MinKvTokens = settings.Options.KvTokens,
            Mode = settings.Options.Mode,
            Quant = settings.Options.Quant,
            Kv = settings.Options.CacheFormat,
        };
        Epoch = time.GetUtcNow().UtcTicks;
        _loops = [Task.Run(WatchAsync), Task.Run(KeepAsync)];
    }

    /// <summary>Which scheduler this is; shards refuse those with a lower one.</summary>
    public long Epoch { get; private set; }

    /// <summary>The latest route; null before the first.</summary>
    public Route? Current => _current;

    /// <summary>Why there is no usable route now; null where there is.</summary>
    public string? Problem => _current is { Broken: false } ? null : _problem;

    /// <summary>Names of the active silos, in order.</summary>
    public string[] ActiveSilos => Placement.SiloNames.Active(_membership.CurrentSnapshot);

    /// <summary>True once another scheduler has taken over.</summary>
    public bool Superseded { get; private set; }

    /// <summary>Waits for a route that works.</summary>
    public async Task<Route> UsableAsync(CancellationToken cancellationToken)
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

    /// <summary>Says that a step failed on a route: it is not used again, and its silos are looked at.</summary>
    public void Report(Route route)
    {
        route.Broken = true;
        Wake();
    }

    /// <summary>Plans without a silo, and completes when the route in force does, or when that cannot be.</summary>
    /// <param name="silo">The silo that is about to stop.</param>
    /// <param name="inForce">The route that steps take.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>True where the silo is not needed any more.</returns>
    public async Task<bool> LeaveAsync(string silo, Func<Route?> inForce, CancellationToken cancellationToken)
    {
        // Now: when the next plan is made, another silo may have the name.
        if (_view.Find(silo) is { } address)
        {
            lock (_gate)
            {
                _leaving.Add(address);
            }
        }

        Wake();
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                changed = _changed.Task;
            }

            if (_current is { Broken: false } route && !route.Silos.Contains(silo) && (inForce() is not { } used || !used.Silos.Contains(silo)))
            {
                return true;
            }

            if (_planFailed || Superseded)
            {
                return false;
            }

            await Task.WhenAny(changed, Task.Delay(TimeSpan.FromMilliseconds(50), _time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Has silos drop what the route in force does not need.</summary>
    public Task CleanUpAsync(Route route) =>
        Task.WhenAll(Placement.SiloNames.Active(_membership.CurrentSnapshot).Select(silo => CleanUpAsync(route, silo)));

    /// <summary>Looks for a better plan, because expert loads have changed.</summary>
    public void Rebalance(ExpertLoad load)
    {
        _load = load;
        Wake();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_loops);
        _stop.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task CleanUpAsync(Route route, string silo)
    {
        try
        {
            await _view.Silo(silo).RetainAsync(_model, Epoch, route.Version, route.HoldersOn(silo)).ConfigureAwait(false);
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault))
        {
            // The next route's clean-up covers it.
            RouteLog.NotCleaned(_logger, silo, _model, fault.Message);
        }
    }

    private void Wake()
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
            await foreach (ClusterMembershipSnapshot _ in _membership.MembershipUpdates.WithCancellation(_stop.Token))
            {
                Wake();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    private async Task KeepAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            bool again;
            try
            {
                again = !await TryPlanAsync();
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                // Whatever it was, the cluster is looked at again: a keeper that has ended would never let a request finish.
                RouteLog.PlanFailed(_logger, _model, fault);
                again = true;
            }

            try
            {
                if (again || _view.MayImprove)
                {
                    await _wake.WaitAsync(RetryPause, _stop.Token);
                }
                else
                {
                    await _wake.WaitAsync(_stop.Token);
                    await Task.Delay(_current is { Broken: false } ? _options.PlanDelay : TimeSpan.Zero, _time, _stop.Token);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    // True where the route is what the cluster now allows.
    private async Task<bool> TryPlanAsync()
    {
        lock (_gate)
        {
            _leaving.ForEach(_view.MarkLeaving);
            _leaving.Clear();
        }

        Route? before = _current;
        if (before is { Broken: true } || _view.Silent.Count > 0)
        {
            await _view.ProbeAsync(before?.Silos ?? []);
        }

        SiloCapacity[] silos = await _view.CapacitiesAsync(_isa, _model, _form);
        TellStrangers();
        if (silos.Length == 0)
        {
            Refuse("No silo of the cluster can hold a part of the model now.");
            return false;
        }

        PartitionPlan plan = PartitionPlan.Create(_config, silos, _planOptions with { Previous = before?.Plan, Load = _load });
        if (!plan.Fits)
        {
            RouteLog.DoesNotFit(_logger, _model, plan.Refusal!);
            Refuse($"The model does not fit the silos there are: {plan.MissingBytes} bytes of memory are missing.");
            return true;
        }

        (RouteStage[] stages, Placement.PinnedKey[] groups) = _preparation.Places(plan);
        if (before is { Broken: false } && before.SamePlaces(stages, groups))
        {
            _planFailed = false;
            return true;
        }

        return await TryOfferAsync(plan);
    }

    // Once each: they are looked at again with every plan.
    private void TellStrangers()
    {
        foreach ((string silo, string form) in _view.Strangers)
        {
            if (_strangers.Add($"{silo} {form}"))
            {
                RouteLog.OtherForm(_logger, silo, _model, form, _form);
            }
        }
    }

    private async Task<bool> TryOfferAsync(PartitionPlan plan)
    {
        try
        {
            Offer(await _preparation.PrepareAsync(plan, Epoch, _version + 1, _stop.Token));
            return true;
        }
        catch (SiloLoadException unfit)
        {
            RouteLog.Unfit(_logger, unfit.Silo, _model, unfit.Message);
            _view.MarkUnfit(unfit.Silo);
            _problem = "A silo of the cluster cannot load its part of the model.";
        }
        catch (StaleStepException) when (_version == 0)
        {
            // The scheduler before had a clock that is ahead.
            Epoch += TimeSpan.TicksPerMinute;
        }
        catch (StaleStepException stale)
        {
            RouteLog.Superseded(_logger, _model, stale.Message);
            Superseded = true;
            Refuse("Another scheduler has taken the model over.");
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault, _stop.Token))
        {
            RouteLog.NotReady(_logger, _model, fault.Message);
            await _view.ProbeAsync(plan.Silos.Select(static silo => silo.Silo.Name));
        }

        return false;
    }

    private void Offer(Route route)
    {
        _version = route.Version;
        RouteLog.Offered(_logger, _model, route.Version, route.Stages.Length, route.Groups.Length);
        lock (_gate)
        {
            _planFailed = false;
            _current = route;
            (TaskCompletionSource changed, _changed) = (_changed, NewSignal());
            changed.SetResult();
        }
    }

    private void Refuse(string problem)
    {
        lock (_gate)
        {
            _problem = problem;
            _planFailed = true;
            (TaskCompletionSource changed, _changed) = (_changed, NewSignal());
            changed.SetResult();
        }
    }
}
