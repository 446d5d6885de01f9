namespace HunyuanOrleans.Cli.Output;

/// <summary>Writes the result of <c>bench</c> as a text table.</summary>
internal static class BenchTable
{
    /// <summary>Writes the table.</summary>
    public static void Write(BenchResult result, TextWriter output)
    {
        BenchPrefill prefill = result.Prefill;
        new FactTable()
            .Add("model", result.Model)
            .Add("parameters", $"{Units.Count(result.Parameters.Total)}, {Units.Count(result.Parameters.Active)} active")
            .Add("weights", $"{Units.Bytes(result.WeightBytes)} in {result.Mode}, loaded in {result.LoadSeconds:0.00} s; K/V in {result.Kv}")
            .Add("machine", $"{result.Threads} threads, {result.Isa}")
            .Add("prefill", $"{prefill.TokensPerSecond:0.0} tokens/s over {result.Prompt} tokens")
            .Add("", $"{prefill.OperationsPerSecond / 1e9:0} Gflop/s of {prefill.PeakOperationsPerSecond / 1e9:0}: "
                + $"{prefill.FractionOfPeak:0.00}")
            .Add("first token", $"{prefill.FirstTokenMs:0.0} ms")
            .WriteTo(output);
        output.WriteLine();
        output.WriteLine("batch  decode tokens/s  MB/token  GB/s read  GB/s limit  fraction");
        foreach (BenchDecode run in result.Decode)
        {
            output.WriteLine(
                $"{run.Batch,5}  {run.TokensPerSecond,15:0.0}  {run.BytesPerToken / 1e6,8:0.00}  "
                + $"{run.BytesPerSecond / 1e9,9:0.0}  {run.ReadBytesPerSecond / 1e9,10:0.0}  {run.FractionOfRead,8:0.00}");
        }
    }
}
