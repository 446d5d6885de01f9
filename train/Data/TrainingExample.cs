namespace HunyuanOrleans.Train.Data;

/// <summary>One sequence to train on.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="Labels">For each token the token itself if the model is trained to predict it, else <see cref="Ignored"/>.</param>
/// <param name="Line">Number of its line in the data file, from 1.</param>
/// <param name="CutTokens">Number of tokens that were cut off at the end.</param>
public sealed record TrainingExample(int[] Ids, int[] Labels, int Line, int CutTokens)
{
    /// <summary>The label of tokens that are not trained.</summary>
    public const int Ignored = -100;

    /// <summary>Number of predictions that count: the logits at a position are compared with the next position's label.</summary>
    public int Predictions => Labels.Skip(1).Count(static label => label != Ignored);
}
