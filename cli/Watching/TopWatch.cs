using System.Diagnostics;
using HunyuanOrleans.Cli.Drills;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Client;
using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;

namespace HunyuanOrleans.Cli.Watching;

/// <summary>Looks at a model of a cluster, again and again: its scheduler, and every silo. It knows no output.</summary>
internal sealed class TopWatch(HunyuanClient client, ClusterModel model)
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(2);

    private long _looked;
    private long _tokens;

    /// <summary>Looks once.</summary>
    public async Task<TopResult> LookAsync(CancellationToken cancellationToken)
    {
        ModelReport report = await client.Cluster.GetGrain<IModelGrain>(model.Name).ReportAsync().WaitAsync(cancellationToken);
        (string Name, HoldingReport? Holding, bool Answers)[] silos = await Task.WhenAll(report.Silos.Select(name => AskAsync(name, cancellationToken)));
        long now = Stopwatch.GetTimestamp();
        double speed = _looked == 0 ? 0 : (report.Statistics.AnswerTokens - _tokens) / Stopwatch.GetElapsedTime(_looked, now).TotalSeconds;
        (_looked, _tokens) = (now, report.Statistics.AnswerTokens);
        return new TopResult(
            model.Name,
            report.Card.Problem,
            report.Home,
            report.Statistics.Running,
            report.Statistics.Waiting,
            report.Statistics.KvUsed,
            report.Statistics.KvBlocks,
            report.Statistics.AnswerTokens,
            Math.Max(0, speed),
            report.Retries,
            report.Statistics.Replays,
            [.. silos.Select(silo => Describe(report, silo.Name, silo.Holding, silo.Answers))],
            Sum(silos.Select(static silo => silo.Holding), report.Card.Experts));
    }

    private static TopSilo Describe(ModelReport report, string name, HoldingReport? holding, bool answers) => new(
        name,
        answers ? ClusterWatch.Describe(report, name) : "does not answer",
        holding?.WeightBytes ?? 0,
        holding?.KvBytes ?? 0,
        holding?.Sessions ?? 0,
        holding?.Steps ?? 0,
        answers);

    private static long[][] Sum(IEnumerable<HoldingReport?> holdings, int experts)
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

    private async Task<(string Name, HoldingReport? Holding, bool Answers)> AskAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            SiloReport report = await client.Cluster.GetGrain<ISiloGrain>(PinnedKey.OfSilo(name).ToString())
                .ReportAsync().WaitAsync(AnswerTime, cancellationToken);
            return (name, report.Models.FirstOrDefault(holding => holding.Model == model.Name), true);
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault, cancellationToken))
        {
            return (name, null, false);
        }
    }
}
