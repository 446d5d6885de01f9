using HunyuanOrleans.Cli.Drills;

namespace HunyuanOrleans.Cli.Output;

/// <summary>What a drill gave, for people.</summary>
internal static class DrillSheet
{
    private const int ProblemsShown = 5;

    // Of these columns numbers stand at the right.
    private const int FirstNumber = 4;

    /// <summary>Writes it.</summary>
    public static void Write(DrillPlan plan, DrillReport report, TextWriter output)
    {
        new FactSheet()
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
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows)
        {
            output.WriteLine(string.Join(
                "  ", row.Select((cell, column) => column < FirstNumber ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))));
        }

        foreach (string problem in report.Problems.Take(ProblemsShown))
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
