namespace HunyuanOrleans.Cli.Measuring;

/// <summary>What to measure.</summary>
/// <param name="Prompt">Tokens of each prompt.</param>
/// <param name="Generate">Steps of decoding that are measured.</param>
/// <param name="Batches">Numbers of sequences decoded together.</param>
/// <param name="Repeats">Runs of each; the median counts.</param>
internal sealed record BenchPlan(int Prompt, int Generate, int[] Batches, int Repeats)
{
    /// <summary>
    /// Tokens an answer must have so that all of a batch decode together for <see cref="Generate"/> steps: the first has begun
    /// while the prompts of the others still go through.
    /// </summary>
    public int AnswerTokens(int batch, int stepTokens) =>
        1 + Generate + (batch == 1 ? 0 : batch * (1 + (Prompt / (stepTokens - batch))));

    /// <summary>Positions the KV pool must hold: whole blocks for each sequence, and the spare one the scheduler keeps for each.</summary>
    public int KvTokens(int stepTokens, int blockPositions) => Batches.Max(batch =>
        batch * blockPositions * (((Prompt + AnswerTokens(batch, stepTokens) + blockPositions - 1) / blockPositions) + 1));

    /// <summary>Measurements in all, for progress.</summary>
    public int Runs => Repeats * (1 + Batches.Length);
}
