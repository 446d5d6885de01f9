namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>make-model</c>.</summary>
/// <param name="Out">The folder that was written.</param>
/// <param name="Parameters">Numbers of weights.</param>
/// <param name="Bytes">Size of all files in bytes.</param>
/// <param name="Seconds">How long writing took.</param>
internal sealed record MakeModelResult(string Out, InspectedParameters Parameters, long Bytes, double Seconds);
