using HunyuanOrleans.Cli.Drills;

namespace HunyuanOrleans.Cli.Output;

/// <summary>Writes the report of a drill as text tables.</summary>
internal static class DrillTable
{
    private const int MaxProblems = 5;

    // From this column on, cells are right-aligned.
    private const int FirstNumericColumn = 4;

    /// <summary>Writes the tables.</summary>
    public static void Write(DrillPlan plan, DrillReport report, TextWriter output)
    {
        new FactTable()
            .Add("model", plan.Folder)
            .Add("cluster", $"{plan.Silos} silos; {report.Cluster}")
            .Add("streams", $"{plan.Streams}; {report.Answers:N0} answers, {report.Tokens:N0} tokens compared")
            .Add("failed", $"{report.Failed:N0}")
            .Add("tokens", report.Unequal == 0 ? "equal to the undisturbed run" : $"DIFFERENT in {report.Unequal:N0} answers")
            .Add("silence", $"{Seconds(report.LongestGap)} s at the most; median from action to next token {Seconds(report.MedianResume)} s")
            .WriteTo(output);
        output.WriteLine();

        string[][] rows =
        [
            ["round", "action", "silo", "it held", "failed", "gap s", "resume s", "worst s"],
            .. report.Rounds.Select(Row),
        ];
        ColumnTable.Write(rows, FirstNumericColumn, output);

        foreach (string problem in report.Problems.Take(MaxProblems))
        {
            output.WriteLine($"problem: {problem}");
        }
    }

    private static string[] Row(DrillRound round, int number) =>
    [
        $"{number + 1}",
        round.Action.ToString().ToLowerInvariant(),
        round.Silo,
        round.Held,
        $"{round.Failed}",
        Seconds(round.LongestGap),
        Seconds(DrillReport.Median([.. round.Waits])),
        Seconds(round.Waits.Max()),
    ];

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds:0.00}";
}
