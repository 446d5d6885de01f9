using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Model.Configuration;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// Makes a partition plan for the silos that are usable now, has its weights loaded, and publishes it as a route. One call of
/// <see cref="PlanAsync"/> at a time; the other members are thread-safe. It does not decide when to plan.
/// </summary>
internal sealed class RoutePlanner
{
    private readonly string _model;
    private readonly string _ownSilo;
    private readonly int _minSilos;
    private readonly ModelConfig _config;
    private readonly PlanOptions _options;
    private readonly ClusterView _view;
    private readonly RoutePreparer _preparer;
    private readonly AdapterDirectory _adapters;
    private readonly RouteState _state;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly List<SiloAddress> _leaving = [];
    private readonly HashSet<string> _reported = [];
    private readonly SchedulerEpoch _epoch;
    private readonly TaskCompletionSource _superseded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ExpertLoad? _load;
    private IReadOnlyDictionary<string, SiloAddress?> _members = new Dictionary<string, SiloAddress?>();
    private LoadingAttempt? _attempt;
    private long _version;

    public RoutePlanner(
        ModelSettings settings,
        ModelConfig config,
        string ownSilo,
        int minSilos,
        ClusterView view,
        RoutePreparer preparer,
        AdapterDirectory adapters,
        RouteState state,
        ILogger logger,
        TimeProvider time)
    {
        _model = settings.Name;
        _ownSilo = ownSilo;
        _minSilos = minSilos;
        _config = config;
        _options = new PlanOptions
        {
            MinKvTokens = settings.Options.KvTokens,
            Mode = settings.Options.Mode,
            Quant = settings.Options.Quant,
            Kv = settings.Options.CacheFormat,
        };
        (_view, _preparer, _adapters, _state, _logger, _time) = (view, preparer, adapters, state, logger, time);
        _epoch = new SchedulerEpoch(time);
    }

    /// <summary>Epoch of this scheduler; 0 before the first plan. Shards refuse schedulers with a lower one.</summary>
    public long Epoch => _epoch.Value;

    /// <summary>Completes once another scheduler has taken over.</summary>
    public Task Superseded => _superseded.Task;

    /// <summary>Excludes a silo that is about to stop from the next plans.</summary>
    public void Exclude(SiloAddress silo)
    {
        lock (_gate)
        {
            _leaving.Add(silo);
        }
    }

    /// <summary>Sets the load of the experts that the next plans balance.</summary>
    public void SetLoad(ExpertLoad load) => _load = load;

    /// <summary>Stops loading a plan of which a silo has gone, so that the next plan need not wait for it.</summary>
    public void CancelIfLost()
    {
        lock (_gate)
        {
            _attempt?.CancelIfLost();
        }
    }

    /// <summary>Plans for the silos that are usable now, and publishes the route if it differs from the current one.</summary>
    /// <returns>True if planning again gives nothing new until the cluster changes; false to try again soon.</returns>
    public async Task<bool> PlanAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _leaving.ForEach(_view.MarkLeaving);
            _leaving.Clear();
        }

        Route? before = _state.Current;
        if (before is { Broken: false } && _view.Lost(_members) is { Length: > 0 } lost && (before.Needs(lost) || lost.Intersect(_view.ActiveSilos).Any()))
        {
            // No step may have noticed: the model can be idle. A silo that was started again must load what it held.
            before.Broken = true;
        }

        if (before is { Broken: true } || _view.Unresponsive.Count > 0)
        {
            await _view.ProbeAsync(before?.Silos ?? []);
        }

        SiloCapacity[] silos = await _view.CapacitiesAsync(_model);
        ReportLeftOutSilos();
        if (_view.LeftOut.TryGetValue(_ownSilo, out string? difference))
        {
            // The scheduler was here before the other silos, or before their announcements had arrived.
            Supersede($"silo {_ownSilo} {difference}.");
            return true;
        }

        if (silos.Length == 0)
        {
            _state.Fail("No silo of the cluster can hold a part of the model now.");
            return false;
        }

        PlanOptions options = _options with { Previous = before?.Plan, Load = _load };
        if (before is not { Broken: false })
        {
            // What silos hold counts, not what a plan placed there: the plan may be unknown, and loading may have been interrupted.
            Dictionary<string, HoldingReport?> reports = await _view.ReportsAsync(_model, silos.Select(static silo => silo.Name));
            if (Epoch == 0)
            {
                _epoch.Choose(reports);
            }

            silos = [.. silos.Where(silo => reports.ContainsKey(silo.Name))];
            options = options with { Held = HeldPartsReader.Read(_config, reports) };
            if (silos.Length == 0)
            {
                return false;
            }

            if (options.Held is null && silos.Length < _minSilos)
            {
                _state.Fail($"The cluster waits for silos: {silos.Length} of {_minSilos} are there.");
                return true;
            }
        }

        silos = await _adapters.SyncAsync(silos, cancellationToken);
        ReportLeftOutSilos();
        if (silos.Length == 0)
        {
            return false;
        }

        PartitionPlan plan = PartitionPlan.Create(_config, silos, options);
        if (!plan.Fits && _view.AwaitsSilos)
        {
            _state.Await("Silos that the model needs still read the adapters of the cluster.", _time.GetTimestamp());
            return false;
        }

        if (!plan.Fits)
        {
            RouteLog.DoesNotFit(_logger, _model, plan.ShortfallMessage!);
            _state.Fail($"The model does not fit the silos there are: {plan.MissingBytes} bytes of memory are missing.");
            return true;
        }

        (RouteStage[] stages, PinnedKey[] groups) = _preparer.Places(plan);
        if (before is { Broken: false } && before.HasSamePlaces(stages, groups))
        {
            _state.Confirm();
            return true;
        }

        return await ChangeAsync(before, plan, silos, cancellationToken);
    }

    // Goes as far towards a plan as the memory of the silos allows at once.
    private async Task<bool> ChangeAsync(Route? before, PartitionPlan target, SiloCapacity[] silos, CancellationToken cancellationToken)
    {
        PartitionPlan? next = target;
        if (before is { Broken: false })
        {
            next = PlanTransition.Next(before.Plan, target);
            if (next is null && before.Silos.All(name => silos.Any(silo => silo.Name == name)))
            {
                // Nothing forces the change, so the route stays in use.
                _state.Confirm();
                return true;
            }

            if (next is null)
            {
                RouteLog.Interrupted(_logger, _model, before.Version);
                _state.Explain("The silos have no memory to load new parts of the model while it is in use; it is used again when they are loaded.");
                before.Broken = true;
            }
        }

        KeptRoutes kept = new(_state, next ?? target);
        if (kept.MustWait)
        {
            // A step uses an older route, and there is no memory for three. The next step does not use that route any more.
            return false;
        }

        bool isReady = await TryPrepareAsync(next ?? target, kept, cancellationToken);
        return isReady && (next is null || ReferenceEquals(next, target));
    }

    // Each silo is reported once: it is examined again with every plan.
    private void ReportLeftOutSilos()
    {
        foreach ((string silo, string reason) in _view.LeftOut)
        {
            if (_reported.Add($"{silo} {reason}"))
            {
                RouteLog.LeftOut(_logger, silo, _model, reason);
            }
        }
    }

    private async Task<bool> TryPrepareAsync(PartitionPlan plan, KeptRoutes kept, CancellationToken cancellationToken)
    {
        RouteLoading loading = new(_time);
        _state.BeginLoading(loading);
        (RouteStage[] stages, PinnedKey[] groups) = _preparer.Places(plan);
        using LoadingAttempt attempt = new(stages.Select(static stage => stage.Key).Concat(groups).Select(static key => key.Silo), _view, cancellationToken);
        SetAttempt(attempt);

        // A silo may have gone before the attempt could be cancelled.
        CancelIfLost();
        try
        {
            // Each attempt has its own version: silos must be able to tell an abandoned plan from the next.
            Route route = await _preparer.PrepareAsync(plan, Epoch, ++_version, kept.KeysOn, loading, attempt.Cancelled);
            _members = attempt.Members;
            RouteLog.Published(_logger, _model, route.Version, route.Stages.Length, route.Groups.Length);
            _state.Publish(route);
            return true;
        }
        catch (SiloLoadException failed)
        {
            RouteLog.LoadFailed(_logger, failed.Silo, _model, failed.Message);
            _view.ExcludeForAWhile(failed.Silo);
            _state.Explain($"Silo {failed.Silo} cannot load its part of the model; its log has the reason.");
        }
        catch (StaleStepException stale)
        {
            Dictionary<string, HoldingReport?> reports = await _view.ReportsAsync(_model, plan.Silos.Select(static silo => silo.Silo.Name));
            if (_state.Current is null && !_epoch.IsOver(reports))
            {
                _epoch.Choose(reports);
            }
            else
            {
                Supersede(stale.Message);
            }
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault, cancellationToken))
        {
            RouteLog.NotPrepared(_logger, _model, fault.Message);
            await _view.ProbeAsync(plan.Silos.Select(static silo => silo.Silo.Name));
        }
        finally
        {
            SetAttempt(null);
            _state.EndLoading();
        }

        return false;
    }

    private void SetAttempt(LoadingAttempt? attempt)
    {
        lock (_gate)
        {
            _attempt = attempt;
        }
    }

    private void Supersede(string reason)
    {
        RouteLog.Superseded(_logger, _model, reason);
        _state.Fail("Another scheduler has taken the model over.");
        _superseded.TrySetResult();
    }
}
