using System.Globalization;
using HunyuanOrleans.Cli.Simulation;

namespace HunyuanOrleans.Cli.Output;

/// <summary>Writes the report of a simulation as text tables.</summary>
internal static class SimulationTable
{
    private const int MaxProblems = 5, FirstNumericColumn = 1;

    /// <summary>Writes the tables.</summary>
    public static void Write(SimulationPlan plan, SimulationReport report, TextWriter output)
    {
        new FactTable()
            .Add("model", plan.ModelName)
            .Add("cluster", $"{plan.Silos} simulated {plan.Device}; {report.Cluster}")
            .Add("load", Text($"{report.LoadSeconds:0.0} s, {report.Silos.Sum(silo => silo.At(report.LoadSeconds).LoadedBytes) / 1e9:0.0} GB"))
            .Add("tokens", report.Runs.All(static run => run.Unequal == 0) ? "equal to those of one device" : $"DIFFERENT in {report.Runs.Sum(static run => run.Unequal)} answers")
            .WriteTo(output);
        output.WriteLine();
        ColumnTable.Write(
        [
            ["streams", "tokens/s", "first token ms", "longest gap ms", "failed", "calls/token", "bytes/token"],
            .. report.Runs.Select(static run => new[]
            {
                Text($"{run.Streams}"), Text($"{run.TokensPerSecond:0.0}"), Text($"{1000 * run.FirstToken:0}"), Text($"{1000 * run.LongestGap:0}"), Text($"{run.Failed}"),
                Text($"{run.CallsPerToken:0.00}"), Text($"{run.BytesPerToken:0}"),
            }),
        ],
        FirstNumericColumn,
        output);
        output.WriteLine();
        ColumnTable.Write(
        [
            ["silo", "busy %", "peak GB", "of GB", "loaded GB"],
            .. report.Silos.Select(silo => new[]
            {
                silo.Name, Text($"{100 * report.Busy(silo):0.0}"), Text($"{silo.At(double.PositiveInfinity).PeakBytes / 1e9:0.00}"), Text($"{silo.MemoryBytes / 1e9:0.00}"),
                Text($"{silo.At(double.PositiveInfinity).LoadedBytes / 1e9:0.00}"),
            }),
        ],
        FirstNumericColumn,
        output);
        if (report.Replans.Count > 0)
        {
            output.WriteLine();
            ColumnTable.Write(
            [
                ["event", "at s", "lost GB", "moved GB", "new route s", "silence s"],
                .. report.Replans.Select(static replan => new[]
                {
                    replan.Cause, Text($"{replan.At:0.0}"), Text($"{replan.BytesLost / 1e9:0.00}"), Text($"{replan.BytesMoved / 1e9:0.00}"), Text($"{replan.Seconds:0.0}"),
                    Text($"{replan.Silence:0.0}"),
                }),
            ],
            FirstNumericColumn,
            output);
        }

        foreach (string problem in report.Problems.Take(MaxProblems))
        {
            output.WriteLine($"problem: {problem}");
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
