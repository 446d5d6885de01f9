namespace HunyuanOrleans.Cli.Measuring;

/// <summary>What to measure.</summary>
/// <param name="Prompt">Tokens of each prompt.</param>
/// <param name="Generate">Tokens of each answer.</param>
/// <param name="Batches">Numbers of sequences decoded together.</param>
/// <param name="Repeats">Runs of each; the median counts.</param>
internal sealed record BenchPlan(int Prompt, int Generate, int[] Batches, int Repeats)
{
    /// <summary>Positions the KV pool must hold; whole blocks for each sequence.</summary>
    public int KvTokens(int blockPositions) =>
        Batches.Max() * ((Prompt + Generate + blockPositions - 1) / blockPositions * blockPositions);

    /// <summary>Measurements in all, for progress.</summary>
    public int Runs => Repeats * (1 + Batches.Length);
}
