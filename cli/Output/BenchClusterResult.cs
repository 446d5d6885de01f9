using System.Text.Json.Serialization;

namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>bench --silos</c> and <c>bench --http</c>: several targets, each compared with the first.</summary>
/// <param name="Model">The model folder.</param>
/// <param name="Mode">The types of the weights.</param>
/// <param name="Threads">Threads that compute.</param>
/// <param name="Prompt">Tokens of each prompt.</param>
/// <param name="Gen">Measured tokens of each answer.</param>
/// <param name="Targets">The targets in the order they were given.</param>
internal sealed record BenchClusterResult(
    string Model, string Mode, int Threads, int Prompt, int Gen, [property: JsonPropertyName("contenders")] BenchTargetResult[] Targets);

/// <summary>The speed of one way to run the model.</summary>
/// <param name="Name">The target's name.</param>
/// <param name="Silos">Number of silos; 0 means this process without a cluster.</param>
/// <param name="PrefillTokensPerSecond">Prompt tokens per second until the first token of the answer.</param>
/// <param name="PrefillRatio">Prefill speed relative to the first target.</param>
/// <param name="Decode">Decode speed for each batch size.</param>
internal sealed record BenchTargetResult(string Name, int Silos, double PrefillTokensPerSecond, double PrefillRatio, BenchClusterDecode[] Decode);

/// <summary>The speed of decoding several sequences together.</summary>
/// <param name="Batch">Number of sequences.</param>
/// <param name="TokensPerSecond">Tokens of all sequences per second.</param>
/// <param name="Ratio">Speed relative to the first target.</param>
/// <param name="CallsPerToken">Calls between silos per token of prompts and answers.</param>
/// <param name="BytesPerToken">Bytes of activations in these calls per token.</param>
/// <param name="CallMicroseconds">Mean duration of a call to experts on another silo, including the experts' work; null if there was none.</param>
/// <param name="EmptyCallMicroseconds">Duration of a call with a payload of the same size that does no work, a lower bound for any call.</param>
internal sealed record BenchClusterDecode(
    int Batch, double TokensPerSecond, double Ratio, double CallsPerToken, double BytesPerToken, double? CallMicroseconds, double? EmptyCallMicroseconds);
