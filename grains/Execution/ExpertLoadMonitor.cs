using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Grains.Execution;

/// <summary>
/// Collects from time to time how many tokens routers sent to each expert, so that the plan can give hot experts copies. It does not know what the
/// plan makes of it.
/// </summary>
internal sealed class ExpertLoadMonitor : IAsyncDisposable
{
    /// <summary>Fewer tokens per expert than this say nothing about which are hot.</summary>
    private const int TokensToJudge = 16;

    private readonly string _model;
    private readonly ModelConfig _config;
    private readonly ClusterView _view;
    private readonly RouteManager _keeper;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private readonly Dictionary<string, long[]> _seen = [];

    /// <summary>Begins to watch; an interval of zero never looks.</summary>
    public ExpertLoadMonitor(string model, ModelConfig config, ClusterView view, RouteManager keeper, TimeSpan interval, TimeProvider time)
    {
        (_model, _config, _view, _keeper) = (model, config, view, keeper);
        _loop = interval > TimeSpan.Zero && config.HasExperts ? Task.Run(() => RunAsync(interval, time)) : Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync(TimeSpan interval, TimeProvider time)
    {
        try
        {
            using PeriodicTimer timer = new(interval, time);
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                if (await CollectAsync() is { } load)
                {
                    _keeper.Rebalance(load);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    // Tokens since the last time that was enough of them; null while there are too few.
    private async Task<ExpertLoad?> CollectAsync()
    {
        long[] sum = new long[_config.Layers * _config.Experts];
        Dictionary<string, long[]> now = [];
        foreach (string silo in _keeper.Current?.Silos ?? [])
        {
            try
            {
                SiloReport report = await _view.Silo(silo).ReportAsync().WaitAsync(_stop.Token);
                long[] counts = report.Models.FirstOrDefault(m => m.Model == _model)?.ExpertTokens ?? [];
                now[silo] = counts;
                long[]? before = _seen.GetValueOrDefault(silo);
                for (int i = 0; i < counts.Length; i++)
                {
                    // A silo that was restarted counts from zero again.
                    sum[i] += before is null || before.Length != counts.Length || counts[i] < before[i] ? counts[i] : counts[i] - before[i];
                }
            }
            catch (Exception fault) when (TransientErrors.IsTransient(fault, _stop.Token))
            {
                return null;
            }
        }

        if (sum.Sum() < (long)TokensToJudge * sum.Length)
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
