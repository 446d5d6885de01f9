namespace HunyuanOrleans.Cli.Output;

/// <summary>What tokenize prints for one text.</summary>
/// <param name="Ids">The token ids.</param>
/// <param name="Text">What the ids decode to.</param>
internal sealed record TokenizeResult(int[] Ids, string Text);
