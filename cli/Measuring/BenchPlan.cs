namespace HunyuanOrleans.Cli.Measuring;

/// <summary>What a benchmark measures.</summary>
/// <param name="Prompt">Number of tokens of each prompt.</param>
/// <param name="Generate">Number of decode steps that are measured.</param>
/// <param name="Batches">The numbers of sequences that are decoded together.</param>
/// <param name="Repeats">Number of runs of each measurement; the fastest counts.</param>
internal sealed record BenchPlan(int Prompt, int Generate, int[] Batches, int Repeats)
{
    /// <summary>
    /// The number of tokens that an answer must have so that a whole batch decodes together for <see cref="Generate"/> steps: the first answer
    /// starts while the prompts of the others are still processed.
    /// </summary>
    /// <param name="batch">Number of sequences.</param>
    /// <param name="stepTokens">Most tokens of a step.</param>
    public int AnswerTokens(int batch, int stepTokens) =>
        1 + Generate + (batch == 1 ? 0 : batch * (1 + (Prompt / (stepTokens - batch))));

    /// <summary>
    /// The number of positions that the K/V pool must hold: whole blocks for each sequence, and the spare block that the scheduler keeps for each.
    /// </summary>
    /// <param name="stepTokens">Most tokens of a step.</param>
    /// <param name="blockPositions">Number of positions in a K/V block.</param>
    public int KvTokens(int stepTokens, int blockPositions) => Batches.Max(batch =>
        batch * blockPositions * (((Prompt + AnswerTokens(batch, stepTokens) + blockPositions - 1) / blockPositions) + 1));

    /// <summary>Number of measurements, for progress.</summary>
    public int Runs => Repeats * (1 + Batches.Length);
}
