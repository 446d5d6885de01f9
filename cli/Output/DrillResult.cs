using HunyuanOrleans.Cli.Drills;

namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>drill</c>.</summary>
/// <param name="Silos">Number of silos between rounds.</param>
/// <param name="Streams">Number of answers generated at the same time.</param>
/// <param name="Rounds">How often a silo was killed, stopped, added or restarted.</param>
/// <param name="Failed">Number of answers that ended with an error.</param>
/// <param name="TokensEqual">Whether all tokens equal those of the undisturbed run.</param>
/// <param name="MaxGapMs">The longest time between two tokens of any stream, in milliseconds.</param>
/// <param name="MedianResumeMs">Milliseconds from the action to the stream's next token, the median over rounds and streams.</param>
internal sealed record DrillResult(
    int Silos, int Streams, int Rounds, int Failed, bool TokensEqual, double MaxGapMs, double MedianResumeMs)
{
    /// <summary>Creates the output from the report of a drill.</summary>
    public static DrillResult Of(DrillPlan plan, DrillReport report) => new(
        plan.Silos,
        plan.Streams,
        report.Rounds.Count,
        report.Failed,
        report.Unequal == 0,
        Math.Round(report.LongestGap.TotalMilliseconds, 1),
        Math.Round(report.MedianResume.TotalMilliseconds, 1));
}
