using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Contracts.Messages;
using HunyuanOrleans.Grains.Placement;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>Reads from a model's scheduler which silo holds which part of the model.</summary>
/// <param name="grains">Reaches the scheduler.</param>
/// <param name="model">The model's name.</param>
/// <param name="time">The clock.</param>
internal sealed class ClusterMonitor(IGrainFactory grains, string model, TimeProvider time)
{
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(2), PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>The scheduler's report; null if the scheduler does not respond within two seconds.</summary>
    public async Task<ModelReport?> TryReportAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await grains.GetGrain<IModelGrain>(model).ReportAsync().WaitAsync(ResponseTimeout, time, cancellationToken);
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault, cancellationToken))
        {
            return null;
        }
    }

    /// <summary>Waits until a report satisfies a condition.</summary>
    /// <returns>The last report, or null if the scheduler did not respond. After a timeout it does not satisfy the condition.</returns>
    public async Task<ModelReport?> WaitAsync(Func<ModelReport, bool> condition, TimeSpan timeout, CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            ModelReport? report = await TryReportAsync(cancellationToken);
            if ((report is not null && condition(report)) || time.GetElapsedTime(started) >= timeout)
            {
                return report;
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    /// <summary>Whether a silo holds a part of the model.</summary>
    public static bool Holds(ModelReport report, string silo) => HoldsAttention(report, silo) || HoldsExperts(report, silo);

    /// <summary>Whether a silo holds attention layers.</summary>
    public static bool HoldsAttention(ModelReport report, string silo) => report.Stages.Any(key => PinnedKey.Parse(key).Silo == silo);

    /// <summary>Whether a silo holds experts.</summary>
    public static bool HoldsExperts(ModelReport report, string silo) => report.Groups.Any(key => PinnedKey.Parse(key).Silo == silo);

    /// <summary>Describes what a silo holds.</summary>
    public static string Describe(ModelReport? report, string silo)
    {
        if (report is null)
        {
            return "unknown";
        }

        if (report.LeftOut.TryGetValue(silo, out string? reason))
        {
            return $"left out: {reason}";
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
