using HunyuanOrleans.Cli.Simulation;

namespace HunyuanOrleans.Cli.Output;

/// <summary>The result of a simulation as JSON. All times are simulated.</summary>
internal sealed record SimulationResult(
    string Model, IReadOnlyList<SimulatedSiloResult> Silos, double LoadSeconds, IReadOnlyList<SimulationRunResult> Runs, IReadOnlyList<ReplanResult> Replans)
{
    /// <summary>Creates the result of a report.</summary>
    public static SimulationResult Of(SimulationPlan plan, SimulationReport report) => new(
        plan.ModelName,
        [.. report.Silos.Select(silo => new SimulatedSiloResult(silo.Name, report.Busy(silo), silo.At(double.PositiveInfinity).PeakBytes, silo.MemoryBytes))],
        report.LoadSeconds,
        [.. report.Runs.Select(static run => new SimulationRunResult(
            run.Streams, run.TokensPerSecond, 1000 * run.FirstToken, run.Failed, run.Unequal == 0, 1000 * run.LongestGap, run.CallsPerToken, run.BytesPerToken))],
        [.. report.Replans.Select(static replan => new ReplanResult(replan.Cause, replan.BytesLost, replan.BytesMoved, replan.Seconds, replan.PeakBytes))]);
}

/// <summary>A silo of a simulation.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Busy">The fraction of the last run in which it computed.</param>
/// <param name="PeakBytes">The most bytes of its device in use.</param>
/// <param name="MemoryBytes">Bytes that its device has.</param>
internal sealed record SimulatedSiloResult(string Name, double Busy, long PeakBytes, long MemoryBytes);

/// <summary>A run of a simulation.</summary>
internal sealed record SimulationRunResult(
    int Streams, double TokensPerSecond, double TtftMs, int Failed, bool TokensEqual, double MaxGapMs, double CallsPerToken, double BytesPerToken);

/// <summary>A change of the plan.</summary>
internal sealed record ReplanResult(string Cause, long BytesLost, long BytesMoved, double Seconds, long PeakBytes);
