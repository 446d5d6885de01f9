namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>logits</c>.</summary>
/// <param name="Positions">Number of rows of logits.</param>
/// <param name="Vocab">Number of logits in a row.</param>
/// <param name="Top">The five largest logits of the last row in descending order, each as [token id, logit]. A float holds every token id exactly.</param>
internal sealed record LogitsResult(int Positions, int Vocab, float[][] Top);
