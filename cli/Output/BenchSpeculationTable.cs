namespace HunyuanOrleans.Cli.Output;

/// <summary>Writes the result of <c>bench --speculate</c> or <c>bench --mtp-tokens</c> as a text table.</summary>
internal static class BenchSpeculationTable
{
    /// <summary>Writes the table.</summary>
    public static void Write(BenchSpeculationResult result, TextWriter output)
    {
        new FactTable()
            .Add("model", $"{result.Model} in {result.Mode}, {result.Threads} threads")
            .Add("text", $"{result.Text ?? "random prompts, greedy answers"}: prompt {result.Prompt} tokens, answer {result.Gen}")
            .WriteTo(output);
        output.WriteLine();
        output.WriteLine("batch  tokens/s without  with guesses  ratio  guessed  right  steps");
        foreach (BenchSpeculation run in result.Runs)
        {
            output.WriteLine(
                $"{run.Batch,5}  {run.TokensPerSecondWithout,16:0.0}  {run.TokensPerSecond,12:0.0}  {run.Ratio,5:0.00}  {run.DraftedTokens,7}  "
                + $"{run.AcceptedDraftTokens,5}  {run.Steps,5}");
        }
    }
}
