namespace HunyuanOrleans.Cli.Output;

/// <summary>A comparison of contenders for people.</summary>
internal static class BenchClusterSheet
{
    /// <summary>Writes it.</summary>
    public static void Write(BenchClusterResult result, TextWriter output)
    {
        output.WriteLine($"{result.Model}, {result.Mode}, {result.Threads} threads; prompts of {result.Prompt} tokens; ratios are over the first line of a kind");
        output.WriteLine();
        output.WriteLine("what                     tokens/s  ratio  calls/token  bytes/token  us/call  us/empty call");
        foreach (BenchContender contender in result.Contenders)
        {
            Line(output, $"prefill, {contender.Name}", contender.PrefillTokensPerSecond, contender.PrefillRatio, null);
        }

        for (int i = 0; i < result.Contenders[0].Decode.Length; i++)
        {
            foreach (BenchContender contender in result.Contenders)
            {
                BenchClusterDecode run = contender.Decode[i];
                Line(output, $"decode {run.Batch}, {contender.Name}", run.TokensPerSecond, run.Ratio, run);
            }
        }
    }

    private static void Line(TextWriter output, string what, double speed, double ratio, BenchClusterDecode? wire) => output.WriteLine(
        wire is { CallsPerToken: > 0 }
            ? $"{what,-24} {speed,8:0.0}  {ratio,5:0.000}  {wire.CallsPerToken,11:0.00}  {wire.BytesPerToken,11:0}  {wire.CallMicroseconds,7:0}  {wire.EmptyCallMicroseconds,13:0}"
            : $"{what,-24} {speed,8:0.0}  {ratio,5:0.000}");
}
