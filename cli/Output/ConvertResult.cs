namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>convert</c>.</summary>
/// <param name="To">The type of the matrices.</param>
/// <param name="Out">The file or folder that was written.</param>
/// <param name="Bytes">Size of the file, or of the folder's tensors, in bytes.</param>
/// <param name="Seconds">How long converting took.</param>
internal sealed record ConvertResult(string To, string Out, long Bytes, double Seconds);
