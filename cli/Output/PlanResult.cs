using System.Text.Json.Serialization;
using HunyuanOrleans.Engine.Placement;

namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>plan</c>. Ranges include their last layer and expert.</summary>
/// <param name="Fits">Whether the silos can hold the model.</param>
/// <param name="MissingBytes">The least number of bytes of memory that are missing; 0 if the model fits.</param>
/// <param name="KvBytesPerToken">Bytes of K/V of one position, over all layers.</param>
/// <param name="Silos">The part of the model on each silo.</param>
/// <param name="Predicted">The predicted speed.</param>
/// <param name="PredictedStreams">The predicted speed of several streams; null unless <c>--streams</c> asks for it.</param>
internal sealed record PlanResult(
    bool Fits,
    long MissingBytes,
    long KvBytesPerToken,
    PlannedSilo[] Silos,
    PredictedSpeed Predicted,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PredictedStreams? PredictedStreams)
{
    /// <summary>Creates the output for a plan.</summary>
    public static PlanResult Of(PartitionPlan plan, PredictedStreams? streams) => new(
        plan.Fits,
        plan.MissingBytes,
        plan.KvBytesPerToken,
        [.. plan.Silos.Select(PlannedSilo.Of)],
        new PredictedSpeed(Math.Round(plan.Predicted.DecodeTokensPerSecond, 3)),
        streams);
}

/// <summary>A silo of a plan.</summary>
/// <param name="Name">The silo's name.</param>
/// <param name="Attention">[first layer, last layer] of each attention shard.</param>
/// <param name="Experts">[first layer, last layer, first expert, last expert] of each expert group.</param>
/// <param name="WeightBytes">Bytes of weights.</param>
/// <param name="KvTokens">Number of positions that the silo's K/V blocks hold.</param>
internal sealed record PlannedSilo(string Name, int[][] Attention, int[][] Experts, long WeightBytes, long KvTokens)
{
    /// <summary>Creates the output for a silo of a plan.</summary>
    public static PlannedSilo Of(SiloPlan silo) => new(
        silo.Silo.Name,
        [.. silo.Attention.Select(r => (int[])[r.FirstLayer, r.LastLayer])],
        [.. silo.Experts.Concat(silo.Replicas).Select(r => (int[])[r.FirstLayer, r.LastLayer, r.FirstExpert, r.LastExpert])],
        silo.WeightBytes,
        silo.KvTokens);
}

/// <summary>The predicted speed of a plan.</summary>
/// <param name="DecodeTokensPerSecond">Tokens per second of a single stream; 0 if the model does not fit.</param>
internal sealed record PredictedSpeed(double DecodeTokensPerSecond);

/// <summary>The predicted speed of several streams.</summary>
/// <param name="Streams">Number of streams.</param>
/// <param name="Steps">Number of steps in flight in which they are decoded.</param>
/// <param name="TokensPerSecond">Tokens per second of all streams together.</param>
/// <param name="Busy">The part of the time that each silo works, 0 to 1, by name.</param>
internal sealed record PredictedStreams(int Streams, int Steps, double TokensPerSecond, IReadOnlyDictionary<string, double> Busy)
{
    /// <summary>Creates the output for a prediction.</summary>
    public static PredictedStreams Of(int streams, StreamPrediction prediction) => new(
        streams,
        prediction.Steps,
        Math.Round(prediction.TokensPerSecond, 3),
        prediction.Busy.OrderBy(static silo => silo.Key, StringComparer.Ordinal).ToDictionary(static silo => silo.Key, static silo => Math.Round(silo.Value, 3)));
}
