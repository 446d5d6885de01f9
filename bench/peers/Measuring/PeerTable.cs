namespace HunyuanOrleans.Bench.Peers.Measuring;

/// <summary>Prints the results as a table in Markdown.</summary>
internal static class PeerTable
{
    /// <summary>Writes the heading.</summary>
    public static void WriteHeading(TextWriter output)
    {
        output.WriteLine("| weights, ours and llama.cpp's | case | ours, tokens/s | llama.cpp, tokens/s | ratio | read limit, GB/s | arithmetic limit, Gop/s |");
        output.WriteLine("|---|---|---|---|---|---|---|");
    }

    /// <summary>Writes a line.</summary>
    public static void Write(TextWriter output, PeerResult result) => output.WriteLine(FormattableString.Invariant(
        $"| {result.Weights}, {result.PeerWeights} | {result.Case} | {result.TokensPerSecond:F1} | {result.PeerTokensPerSecond:F1} | {result.Ratio:F2} | {result.ReadBytes / 1e9:F0} | {result.PeakOperations / 1e9:F0} |"));
}
