using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Cli.Output;

/// <summary>Writes a plan as text tables.</summary>
internal static class PlanTable
{
    // From this column on, cells are right-aligned.
    private const int FirstNumericColumn = 3;

    /// <summary>Writes the tables.</summary>
    public static void Write(string folder, ModelConfig config, WeightTypes types, PartitionPlan plan, ModelOptions steps, PredictedStreams? streams, TextWriter output)
    {
        ScratchSize scratch = ScratchSize.Of(config, steps);
        SiloCapacity silo = plan.Silos[0].Silo;
        FactTable facts = new FactTable()
            .Add("model", $"{folder}: {Units.Count(config.ParameterCount.Total)} parameters, {Units.Count(config.ParameterCount.Active)} active")
            .Add("silos", $"{plan.Silos.Count} x {silo.Device}, {Units.Bytes(silo.MemoryBytes)} at {Units.Bytes(silo.MemoryBandwidth)}/s")
            .Add("weights", $"{Units.Bytes(plan.Silos.Sum(s => (double)s.WeightBytes))}, {types.Name}, experts {plan.Layout.ToString().ToLowerInvariant()}")
            .Add("KV cache", $"{plan.KvTokens:N0} tokens of {plan.KvBytesPerToken:N0} bytes")
            .Add("scratch", $"{Units.Bytes(scratch.Bytes)} on each silo: {Units.Bytes(scratch.StepBytes)} for {steps.StepsInFlight} steps of {steps.MaxBatchTokens:N0} tokens, "
                + $"{Units.Bytes(scratch.LogitBytes)} for {steps.MaxLogitRows:N0} sequences")
            .Add("decode", $"{plan.Predicted.DecodeTokensPerSecond:0.0} tokens/s for one stream, predicted; {plan.Predicted.CallsPerToken:0.0} calls between silos a token");
        if (streams is not null)
        {
            facts.Add("streams", $"{streams.TokensPerSecond:0.0} tokens/s for {streams.Streams:N0} {(streams.Streams == 1 ? "stream" : "streams together")}, predicted; steps in flight: {streams.Steps}");
        }

        facts.WriteTo(output);
        output.WriteLine();

        string[][] rows =
        [
            ["silo", "attention", "experts", "weights", "KV tokens", "ms/token", .. streams is null ? Array.Empty<string>() : ["busy %"]],
            .. plan.Silos.Select(silo => (string[])[.. Row(silo), .. streams is null ? Array.Empty<string>() : [(100 * streams.Busy[silo.Silo.Name]).ToString("0")]]),
        ];
        ColumnTable.Write(rows, FirstNumericColumn, output);
    }

    private static string[] Row(SiloPlan silo) =>
    [
        silo.Silo.Name,
        Ranges(silo.Attention.Select(r => $"{r.FirstLayer}-{r.LastLayer}")),
        Ranges(silo.Experts.Select(r => $"{r.FirstLayer}-{r.LastLayer} x {r.FirstExpert}-{r.LastExpert}")),
        Units.Bytes(silo.WeightBytes),
        silo.KvTokens.ToString("N0"),
        (1e3 * silo.TouchedBytesPerToken / silo.Silo.MemoryBandwidth).ToString("0.00"),
    ];

    private static string Ranges(IEnumerable<string> ranges) => ranges.Any() ? string.Join(", ", ranges) : "-";
}
