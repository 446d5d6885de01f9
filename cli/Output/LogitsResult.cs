namespace HunyuanOrleans.Cli.Output;

/// <summary>What logits prints.</summary>
/// <param name="Positions">Rows of logits.</param>
/// <param name="Vocab">Logits in a row.</param>
/// <param name="Top">The five largest of the last row in falling order, each an id and its logit; ids are exact in a float.</param>
internal sealed record LogitsResult(int Positions, int Vocab, float[][] Top);
