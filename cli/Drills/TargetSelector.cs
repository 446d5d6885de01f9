using HunyuanOrleans.Contracts.Messages;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>
/// Selects the silo of a round: in turn one with the scheduler, one with attention, one with experts only, and one that holds nothing of the model.
/// A kind that no silo belongs to is skipped.
/// </summary>
internal static class TargetSelector
{
    private static readonly Func<ModelReport, string, bool>[] Kinds =
    [
        static (report, silo) => report.SchedulerSilo == silo,
        static (report, silo) => report.SchedulerSilo != silo && ClusterMonitor.HoldsAttention(report, silo),
        static (report, silo) => report.SchedulerSilo != silo && !ClusterMonitor.HoldsAttention(report, silo) && ClusterMonitor.HoldsExperts(report, silo),
        static (report, silo) => report.SchedulerSilo != silo && !ClusterMonitor.Holds(report, silo),
    ];

    /// <summary>Number of kinds.</summary>
    public static int Count => Kinds.Length;

    /// <summary>Selects a silo.</summary>
    /// <param name="turn">Number of earlier selections.</param>
    /// <param name="report">What each silo holds; null if it is unknown.</param>
    /// <param name="silos">The candidates, at least one.</param>
    public static DrillSilo Select(int turn, ModelReport? report, IReadOnlyList<DrillSilo> silos)
    {
        for (int i = 0; report is not null && i < Kinds.Length; i++)
        {
            Func<ModelReport, string, bool> kind = Kinds[(turn + i) % Kinds.Length];
            if (silos.FirstOrDefault(silo => kind(report, silo.Name)) is { } found)
            {
                return found;
            }
        }

        return silos[turn % silos.Count];
    }
}
