using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Hosting;
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
    private readonly string _format;
    private readonly string _isa;
    private readonly ModelConfig _config;
    private readonly PlanOptions _options;
    private readonly ClusterView _view;
    private readonly RoutePreparer _preparer;
    private readonly RouteState _state;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly List<SiloAddress> _leaving = [];
    private readonly HashSet<string> _reported = [];
    private volatile ExpertLoad? _load;
    private long _version;

    public RoutePlanner(
        ModelSettings settings, ModelConfig config, string isa, ClusterView view, RoutePreparer preparer, RouteState state, ILogger logger, TimeProvider time)
    {
        _model = settings.Name;
        _format = settings.Format(config);
        _isa = isa;
        _config = config;
        _options = new PlanOptions
        {
            MinKvTokens = settings.Options.KvTokens,
            Mode = settings.Options.Mode,
            Quant = settings.Options.Quant,
            Kv = settings.Options.CacheFormat,
        };
        (_view, _preparer, _state, _logger) = (view, preparer, state, logger);
        Epoch = time.GetUtcNow().UtcTicks;
    }

    /// <summary>Epoch of this scheduler. Shards refuse schedulers with a lower one.</summary>
    public long Epoch { get; private set; }

    /// <summary>True once another scheduler has taken over.</summary>
    public bool Superseded { get; private set; }

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
        if (before is { Broken: true } || _view.Unresponsive.Count > 0)
        {
            await _view.ProbeAsync(before?.Silos ?? []);
        }

        SiloCapacity[] silos = await _view.CapacitiesAsync(_isa, _model, _format);
        ReportIncompatibleSilos();
        if (silos.Length == 0)
        {
            _state.Fail("No silo of the cluster can hold a part of the model now.");
            return false;
        }

        PartitionPlan plan = PartitionPlan.Create(_config, silos, _options with { Previous = before?.Plan, Load = _load });
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

        return await TryPrepareAsync(plan, cancellationToken);
    }

    // Each silo is reported once: it is examined again with every plan.
    private void ReportIncompatibleSilos()
    {
        foreach ((string silo, string format) in _view.Incompatible)
        {
            if (_reported.Add($"{silo} {format}"))
            {
                RouteLog.Incompatible(_logger, silo, _model, format, _format);
            }
        }
    }

    private async Task<bool> TryPrepareAsync(PartitionPlan plan, CancellationToken cancellationToken)
    {
        try
        {
            Route route = await _preparer.PrepareAsync(plan, Epoch, _version + 1, cancellationToken);
            _version = route.Version;
            RouteLog.Published(_logger, _model, route.Version, route.Stages.Length, route.Groups.Length);
            _state.Publish(route);
            return true;
        }
        catch (SiloLoadException failed)
        {
            RouteLog.LoadFailed(_logger, failed.Silo, _model, failed.Message);
            _view.ExcludeForAWhile(failed.Silo);
            _state.Explain("A silo of the cluster cannot load its part of the model.");
        }
        catch (StaleStepException) when (_version == 0)
        {
            // The clock of the previous scheduler's silo is ahead of this one's.
            Epoch += TimeSpan.TicksPerMinute;
        }
        catch (StaleStepException stale)
        {
            RouteLog.Superseded(_logger, _model, stale.Message);
            Superseded = true;
            _state.Fail("Another scheduler has taken the model over.");
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault, cancellationToken))
        {
            RouteLog.NotPrepared(_logger, _model, fault.Message);
            await _view.ProbeAsync(plan.Silos.Select(static silo => silo.Silo.Name));
        }

        return false;
    }
}
