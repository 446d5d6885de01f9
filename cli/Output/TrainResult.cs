namespace HunyuanOrleans.Cli.Output;

/// <summary>The result of <c>train --json</c>.</summary>
/// <param name="Output">The folder.</param>
/// <param name="Steps">Steps of the run.</param>
/// <param name="Loss">The loss of the last step; null if the run that was continued had finished before.</param>
/// <param name="EvalLoss">The lowest loss of an evaluation; null without.</param>
/// <param name="Seconds">Time of the steps that this process computed.</param>
/// <param name="TokensPerSecond">Tokens per second of these steps.</param>
/// <param name="PeakMemoryBytes">The most memory that the process had.</param>
internal sealed record TrainResult(string Output, int Steps, double? Loss, double? EvalLoss, double Seconds, double TokensPerSecond, long PeakMemoryBytes);
