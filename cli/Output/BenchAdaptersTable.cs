namespace HunyuanOrleans.Cli.Output;

/// <summary>Writes the result of <c>bench --lora-rank</c> as a text table.</summary>
internal static class BenchAdaptersTable
{
    /// <summary>Writes the table.</summary>
    public static void Write(BenchAdaptersResult result, TextWriter output)
    {
        new FactTable()
            .Add("model", $"{result.Model} in {result.Mode}, {result.Threads} threads")
            .Add("adapters", $"one for each answer, rank {result.Rank} on {string.Join(", ", result.Targets)}, {Units.Bytes(result.Runs[0].AdapterBytes)} each")
            .Add("tokens", $"prompt {result.Prompt}, answer {result.Gen}")
            .WriteTo(output);
        output.WriteLine();
        output.WriteLine("batch  tokens/s without  with adapters  ratio");
        foreach (BenchAdapters run in result.Runs)
        {
            output.WriteLine($"{run.Batch,5}  {run.TokensPerSecondWithout,16:0.0}  {run.TokensPerSecond,13:0.0}  {run.Ratio,5:0.000}");
        }
    }
}
