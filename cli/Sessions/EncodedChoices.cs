namespace HunyuanOrleans.Cli.Sessions;

/// <summary>A multiple-choice question as token ids.</summary>
/// <param name="Item">The question.</param>
/// <param name="Sequences">For each choice, the ids of the context with the choice, and the position at which the choice begins.</param>
/// <param name="Lengths">Number of characters of each choice, by which log-likelihoods are normalised.</param>
internal sealed record EncodedChoices(ChoiceItem Item, (int[] Ids, int Start)[] Sequences, int[] Lengths)
{
    /// <summary>Number of tokens of the longest sequence.</summary>
    public int Longest => Sequences.Max(static sequence => sequence.Ids.Length);
}
