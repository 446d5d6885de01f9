using HunyuanOrleans.Cli.Drills;

namespace HunyuanOrleans.Cli.Output;

/// <summary>What drill prints for machines.</summary>
/// <param name="Silos">Silos between rounds.</param>
/// <param name="Streams">Answers under way at any time.</param>
/// <param name="Rounds">How often something was done to a silo.</param>
/// <param name="Failed">Answers that ended with an error.</param>
/// <param name="TokensEqual">All tokens are those of the undisturbed run.</param>
/// <param name="MaxGapMs">Longest silence of any stream.</param>
/// <param name="MedianResumeMs">Median over rounds and streams, from the action to the stream's next token.</param>
internal sealed record DrillResult(
    int Silos, int Streams, int Rounds, int Failed, bool TokensEqual, double MaxGapMs, double MedianResumeMs)
{
    /// <summary>From what a drill gave.</summary>
    public static DrillResult Of(DrillPlan plan, DrillReport report) => new(
        plan.Silos,
        plan.Streams,
        report.Rounds.Count,
        report.Failed,
        report.Unequal == 0,
        Math.Round(report.LongestGap.TotalMilliseconds, 1),
        Math.Round(report.MedianResume.TotalMilliseconds, 1));
}
