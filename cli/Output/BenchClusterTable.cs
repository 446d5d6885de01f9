namespace HunyuanOrleans.Cli.Output;

/// <summary>Writes the comparison of <c>bench --silos</c> and <c>bench --http</c> as a text table.</summary>
internal static class BenchClusterTable
{
    /// <summary>Writes the table.</summary>
    public static void Write(BenchClusterResult result, TextWriter output)
    {
        output.WriteLine($"{result.Model}, {result.Mode}, {result.Threads} threads; prompts of {result.Prompt} tokens; ratios are over the first line of a kind");
        output.WriteLine();
        output.WriteLine("what                     tokens/s  ratio  calls/token  bytes/token  us/call  us/empty call");
        foreach (BenchTargetResult target in result.Targets)
        {
            WriteLine(output, $"prefill, {target.Name}", target.PrefillTokensPerSecond, target.PrefillRatio, null);
        }

        for (int i = 0; i < result.Targets[0].Decode.Length; i++)
        {
            foreach (BenchTargetResult target in result.Targets)
            {
                BenchClusterDecode run = target.Decode[i];
                WriteLine(output, $"decode {run.Batch}, {target.Name}", run.TokensPerSecond, run.Ratio, run);
            }
        }
    }

    private static void WriteLine(TextWriter output, string what, double speed, double ratio, BenchClusterDecode? wire) => output.WriteLine(
        wire is { CallsPerToken: > 0 }
            ? $"{what,-24} {speed,8:0.0}  {ratio,5:0.000}  {wire.CallsPerToken,11:0.00}  {wire.BytesPerToken,11:0}  {wire.CallMicroseconds,7:0}  {wire.EmptyCallMicroseconds,13:0}"
            : $"{what,-24} {speed,8:0.0}  {ratio,5:0.000}");
}
