using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HunyuanOrleans.Cli.Output;

/// <summary>Serialises the JSON output of the verbs. Source-generated, because reflection costs a tenth of a second at start.</summary>
[JsonSerializable(typeof(TokenizeResult))]
[JsonSerializable(typeof(InspectResult))]
[JsonSerializable(typeof(MakeModelResult))]
[JsonSerializable(typeof(GenerateResult))]
[JsonSerializable(typeof(EvalResult))]
[JsonSerializable(typeof(EvalAnswer))]
[JsonSerializable(typeof(MultipleChoiceResult))]
[JsonSerializable(typeof(ChoiceAnswer))]
[JsonSerializable(typeof(LogitsResult))]
[JsonSerializable(typeof(BenchResult))]
[JsonSerializable(typeof(TopResult))]
[JsonSerializable(typeof(DevicesResult))]
[JsonSerializable(typeof(BenchClusterResult))]
[JsonSerializable(typeof(BenchSpeculationResult))]
[JsonSerializable(typeof(BenchAdaptersResult))]
[JsonSerializable(typeof(PlanResult))]
[JsonSerializable(typeof(LoadResult))]
[JsonSerializable(typeof(RunBatchResult))]
[JsonSerializable(typeof(DrillResult))]
[JsonSerializable(typeof(SimulationResult))]
[JsonSerializable(typeof(PullResult))]
[JsonSerializable(typeof(ConvertResult))]
[JsonSerializable(typeof(QuantizeResult))]
[JsonSerializable(typeof(MergeResult))]
[JsonSerializable(typeof(TrainResult))]
[JsonSerializable(typeof(DivergenceResult[]))]
internal sealed partial class JsonOutput : JsonSerializerContext
{
    /// <summary>The context that all verbs use: snake_case names, and letters of all languages without escapes.</summary>
    public static JsonOutput Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        // A broken model may compute NaN. The output shows it instead of failing.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    });
}
