using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;

namespace HunyuanOrleans.Cli.Simulation;

/// <summary>Collects the reports of all silos and of the scheduler at regular intervals.</summary>
internal sealed class SimulationMonitor : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250), ResponseTimeout = TimeSpan.FromSeconds(2);

    private readonly IGrainFactory _grains;
    private readonly ClusterMonitor _model;
    private readonly SimulationClock _clock;
    private readonly TimeProvider _time;
    private readonly SiloHistory[] _silos;
    private readonly List<(double Seconds, long Version)> _versions = [];
    // Collections one after the other: counters that arrive in another order look like those of a silo that started again.
    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    /// <summary>Starts to collect.</summary>
    public SimulationMonitor(IGrainFactory grains, string model, IEnumerable<string> silos, SimulationClock clock, TimeProvider time)
    {
        (_grains, _clock, _time) = (grains, clock, time);
        _model = new ClusterMonitor(grains, model, time);
        _silos = [.. silos.Select(static silo => new SiloHistory(silo))];

        _running = Task.Run(RunAsync);
    }

    /// <summary>The silos, in order of their numbers.</summary>
    public IReadOnlyList<SiloHistory> Silos => _silos;

    /// <summary>The last report of the scheduler; null if none came yet.</summary>
    public ModelReport? Model { get; private set; }

    /// <summary>When the version of the route changed, and to what; a new scheduler counts from its own beginning.</summary>
    public IReadOnlyList<(double Seconds, long Version)> Versions
    {
        get
        {
            lock (_versions)
            {
                return [.. _versions];
            }
        }
    }

    /// <summary>Collects once more, so that what has happened until now is included.</summary>
    public Task SampleAsync() => CollectAsync(CancellationToken.None);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        _turn.Dispose();
    }

    private async Task RunAsync()
    {
        using PeriodicTimer timer = new(Interval, _time);
        while (await timer.WaitForNextTickAsync(_stop.Token))
        {
            await CollectAsync(_stop.Token);
        }
    }

    private async Task CollectAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            Task<ModelReport?> model = _model.TryReportAsync(cancellationToken);
            SiloReport?[] reports = await Task.WhenAll(_silos.Select(silo => ReportAsync(silo.Name, cancellationToken)));
            double now = _clock.Now;
            for (int i = 0; i < reports.Length; i++)
            {
                _silos[i].Add(now, reports[i]);
            }

            if (await model is { } report)
            {
                Add(report);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Add(ModelReport report)
    {
        lock (_versions)
        {
            if (_versions.Count == 0 || _versions[^1].Version != report.Version || Model?.Epoch != report.Epoch)
            {
                _versions.Add((_clock.Now, report.Version));
            }
        }

        Model = report;
    }

    private async Task<SiloReport?> ReportAsync(string silo, CancellationToken cancellationToken)
    {
        try
        {
            return await _grains.GetGrain<ISiloGrain>(PinnedKey.OfSilo(silo).ToString()).ReportAsync().WaitAsync(ResponseTimeout, _time, cancellationToken);
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault, cancellationToken) || fault is OrleansException)
        {
            return null;
        }
    }
}
