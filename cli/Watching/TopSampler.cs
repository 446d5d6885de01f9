using System.Diagnostics;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Client;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;

namespace HunyuanOrleans.Cli.Watching;

/// <summary>Samples the state of a model on a cluster from its scheduler and from every silo. Does not know how samples are shown.</summary>
/// <param name="client">A connection to the cluster.</param>
/// <param name="model">The model.</param>
internal sealed class TopSampler(HunyuanClient client, ClusterModel model)
{
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(2);

    private long _lastSample;
    private long _lastTokens;

    /// <summary>Takes a sample. A silo that does not respond within two seconds is shown as such.</summary>
    public async Task<TopResult> SampleAsync(CancellationToken cancellationToken)
    {
        ModelReport report = await client.Cluster.GetGrain<IModelGrain>(model.Name).ReportAsync().WaitAsync(cancellationToken);
        (string Name, HoldingReport? Holding, bool Answers)[] silos =
            await Task.WhenAll(report.Silos.Select(name => GetHoldingAsync(name, cancellationToken)));
        long now = Stopwatch.GetTimestamp();
        double speed = _lastSample == 0
            ? 0
            : (report.Statistics.AnswerTokens - _lastTokens) / Stopwatch.GetElapsedTime(_lastSample, now).TotalSeconds;
        (_lastSample, _lastTokens) = (now, report.Statistics.AnswerTokens);
        return new TopResult(
            model.Name,
            report.Card.Problem,
            report.Card.Loading is { } loading ? new TopLoading(loading.TotalBytes, loading.BytesLeft, loading.SecondsLeft) : null,
            report.SchedulerSilo,
            report.Statistics.Running,
            report.Statistics.Waiting,
            report.Statistics.KvUsed,
            report.Statistics.KvBlocks,
            report.Statistics.AnswerTokens,
            Math.Max(0, speed),
            report.Retries,
            report.Statistics.Replays,
            [.. silos.Select(silo => Describe(report, silo.Name, silo.Holding, silo.Answers))],
            SumExpertTokens(silos.Select(static silo => silo.Holding), report.Card.Experts));
    }

    private static TopSilo Describe(ModelReport report, string name, HoldingReport? holding, bool answers) => new(
        name,
        answers ? ClusterMonitor.Describe(report, name) : "does not answer",
        holding?.Device?.LoadingBytesLeft ?? 0,
        holding?.WeightBytes ?? 0,
        holding?.KvBytes ?? 0,
        holding?.Sessions ?? 0,
        holding?.Steps ?? 0,
        answers);

    private static long[][] SumExpertTokens(IEnumerable<HoldingReport?> holdings, int experts)
    {
        long[] sum = [];
        foreach (HoldingReport? holding in holdings)
        {
            if (holding is { ExpertTokens.Length: > 0 } some)
            {
                sum = sum.Length == 0 ? new long[some.ExpertTokens.Length] : sum;
                for (int i = 0; i < Math.Min(sum.Length, some.ExpertTokens.Length); i++)
                {
                    sum[i] += some.ExpertTokens[i];
                }
            }
        }

        return experts < 2 ? [] : [.. sum.Chunk(experts)];
    }

    private async Task<(string Name, HoldingReport? Holding, bool Answers)> GetHoldingAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            SiloReport report = await client.Cluster.GetGrain<ISiloGrain>(PinnedKey.OfSilo(name).ToString())
                .ReportAsync().WaitAsync(ResponseTimeout, cancellationToken);
            return (name, report.Models.FirstOrDefault(holding => holding.Model == model.Name), true);
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault, cancellationToken))
        {
            return (name, null, false);
        }
    }
}
