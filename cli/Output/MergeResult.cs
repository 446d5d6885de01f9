namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>merge</c>.</summary>
/// <param name="Out">The folder that was written.</param>
/// <param name="Bytes">Size of the written tensors in bytes.</param>
/// <param name="Seconds">How long merging took.</param>
internal sealed record MergeResult(string Out, long Bytes, double Seconds);
