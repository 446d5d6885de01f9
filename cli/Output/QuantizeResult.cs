namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>quantize</c>.</summary>
/// <param name="To">The format of the copy.</param>
/// <param name="Out">The folder that was written.</param>
/// <param name="SourceBytes">Size of the original weight files in bytes.</param>
/// <param name="Bytes">Size of the written tensors in bytes.</param>
/// <param name="Seconds">How long quantising took.</param>
internal sealed record QuantizeResult(string To, string Out, long SourceBytes, long Bytes, double Seconds);
