using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// Collects the number of tokens that routers sent to each expert at regular intervals, and has the route planned again with it, so that the plan
/// can replicate hot experts. It waits until the last change is in use: loading copies may take longer than an interval.
/// </summary>
internal sealed class ExpertLoadMonitor : IAsyncDisposable
{
    /// <summary>Tokens per expert that are needed to judge which experts are hot.</summary>
    private const int MinTokensPerExpert = 16;

    private readonly string _model;
    private readonly ModelConfig _config;
    private readonly ClusterView _view;
    private readonly RouteManager _routes;
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private Task _loop = Task.CompletedTask;
    private readonly Dictionary<string, long[]> _seen = [];

    /// <summary>Creates a monitor. An interval of zero turns it off.</summary>
    public ExpertLoadMonitor(string model, ModelConfig config, ClusterView view, RouteManager routes, TimeSpan interval, TimeProvider time)
    {
        (_model, _config, _view, _routes) = (model, config, view, routes);
        (_interval, _time) = (interval, time);
    }

    /// <summary>Starts to collect.</summary>
    public Task StartAsync()
    {
        _loop = _interval > TimeSpan.Zero && _config.HasExperts ? Task.Run(RunAsync) : Task.CompletedTask;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            using PeriodicTimer timer = new(_interval, _time);
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                if (!_routes.IsChanging && await CollectAsync() is { } load)
                {
                    _routes.Rebalance(load);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    // The tokens since the last load that was reported; null while there are too few of them.
    private async Task<ExpertLoad?> CollectAsync()
    {
        long[] sum = new long[_config.Layers * _config.Experts];
        Dictionary<string, long[]> now = [];
        foreach (string silo in _routes.Current?.Silos ?? [])
        {
            try
            {
                SiloReport report = await _view.Silo(silo).ReportAsync().WaitAsync(_stop.Token);
                long[] counts = report.Models.FirstOrDefault(m => m.Model == _model)?.ExpertTokens ?? [];
                now[silo] = counts;
                long[]? before = _seen.GetValueOrDefault(silo);
                for (int i = 0; i < counts.Length; i++)
                {
                    // A silo that was restarted starts to count at zero.
                    sum[i] += before is null || before.Length != counts.Length || counts[i] < before[i] ? counts[i] : counts[i] - before[i];
                }
            }
            catch (Exception fault) when (TransientErrors.IsTransient(fault, _stop.Token))
            {
                return null;
            }
        }

        if (sum.Sum() < (long)MinTokensPerExpert * sum.Length)
        {
            return null;
        }

        _seen.Clear();
        foreach ((string silo, long[] counts) in now)
        {
            _seen[silo] = counts;
        }

        return new ExpertLoad([.. sum.Chunk(_config.Experts)]);
    }
}
