namespace HunyuanOrleans.Cli.Output;

/// <summary>What make-model prints.</summary>
/// <param name="Out">The folder written.</param>
/// <param name="Parameters">Numbers of weights.</param>
/// <param name="Bytes">Bytes of all files.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record MakeModelResult(string Out, InspectedParameters Parameters, long Bytes, double Seconds);
