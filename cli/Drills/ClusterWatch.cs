using HunyuanOrleans.Grains.Contracts;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>Asks a model's scheduler who holds what.</summary>
/// <param name="grains">Reaches it.</param>
/// <param name="model">The model's name.</param>
/// <param name="time">The clock.</param>
internal sealed class ClusterWatch(IGrainFactory grains, string model, TimeProvider time)
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(2), Look = TimeSpan.FromMilliseconds(50);

    /// <summary>The scheduler's report; null where it does not answer now.</summary>
    public async Task<ModelReport?> TryReportAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await grains.GetGrain<IModelGrain>(model).ReportAsync().WaitAsync(AnswerTime, time, cancellationToken);
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault, cancellationToken))
        {
            return null;
        }
    }

    /// <summary>Waits until a report satisfies a condition.</summary>
    /// <returns>The last report; null where there was none in time. It need not satisfy the condition when the time is up.</returns>
    public async Task<ModelReport?> WaitAsync(Func<ModelReport, bool> condition, TimeSpan limit, CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        while (true)
        {
            ModelReport? report = await TryReportAsync(cancellationToken);
            if ((report is not null && condition(report)) || time.GetElapsedTime(began) >= limit)
            {
                return report;
            }

            await Task.Delay(Look, time, cancellationToken);
        }
    }

    /// <summary>True where a silo holds a part of the model by a report.</summary>
    public static bool Holds(ModelReport report, string silo) => HoldsAttention(report, silo) || HoldsExperts(report, silo);

    /// <summary>True where it holds attention.</summary>
    public static bool HoldsAttention(ModelReport report, string silo) => report.Stages.Any(key => PinnedKey.Parse(key).Silo == silo);

    /// <summary>True where it holds experts.</summary>
    public static bool HoldsExperts(ModelReport report, string silo) => report.Groups.Any(key => PinnedKey.Parse(key).Silo == silo);

    /// <summary>What a silo holds, for people.</summary>
    public static string Describe(ModelReport? report, string silo)
    {
        if (report is null)
        {
            return "unknown";
        }

        List<string> held = [];
        if (report.SchedulerSilo == silo)
        {
            held.Add("scheduler");
        }

        PinnedKey[] stages = [.. report.Stages.Select(PinnedKey.Parse).Where(key => key.Silo == silo)];
        if (stages.Length > 0)
        {
            held.Add("attention " + string.Join(",", stages.Select(static key => $"{key.Layers.FirstLayer}-{key.Layers.LastLayer}")));
        }

        int experts = report.Groups.Select(PinnedKey.Parse).Where(key => key.Silo == silo).Sum(static key => key.Experts.Layers * key.Experts.Experts);
        if (experts > 0)
        {
            held.Add($"{experts} experts");
        }

        return held.Count > 0 ? string.Join(", ", held) : "nothing of the model";
    }
}
