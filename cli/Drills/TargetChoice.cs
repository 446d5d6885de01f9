using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Cli.Drills;

/// <summary>
/// Chooses the silo of a round: in turn the one with the scheduler, one with attention, one with experts alone, one with nothing of the model. A
/// kind that is not there is passed over.
/// </summary>
internal static class TargetChoice
{
    private static readonly Func<ModelReport, string, bool>[] Kinds =
    [
        static (report, silo) => report.SchedulerSilo == silo,
        static (report, silo) => report.SchedulerSilo != silo && ClusterWatch.HoldsAttention(report, silo),
        static (report, silo) => report.SchedulerSilo != silo && !ClusterWatch.HoldsAttention(report, silo) && ClusterWatch.HoldsExperts(report, silo),
        static (report, silo) => report.SchedulerSilo != silo && !ClusterWatch.Holds(report, silo),
    ];

    /// <summary>Number of kinds.</summary>
    public static int Count => Kinds.Length;

    /// <summary>Chooses.</summary>
    /// <param name="turn">How often was chosen before.</param>
    /// <param name="report">Who holds what; null where nobody knows.</param>
    /// <param name="silos">Those that may be chosen, at least one.</param>
    public static DrillSilo Choose(int turn, ModelReport? report, IReadOnlyList<DrillSilo> silos)
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
