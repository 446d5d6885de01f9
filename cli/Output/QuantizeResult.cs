namespace HunyuanOrleans.Cli.Output;

/// <summary>What quantize prints for machines.</summary>
/// <param name="To">The format.</param>
/// <param name="Out">The folder written.</param>
/// <param name="SourceBytes">Bytes of the original's files of weights.</param>
/// <param name="Bytes">Bytes of the tensors written.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record QuantizeResult(string To, string Out, long SourceBytes, long Bytes, double Seconds);
