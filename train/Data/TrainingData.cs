namespace HunyuanOrleans.Train.Data;

/// <summary>The examples of a data file, and what was left out while they were read.</summary>
/// <param name="Source">The file.</param>
/// <param name="Examples">The examples in the order of the file.</param>
/// <param name="CutLines">Number of lines that were longer than the limit and were cut.</param>
/// <param name="CutTokens">Number of tokens that were cut off.</param>
/// <param name="UntrainedLines">Number of lines that were left out because nothing in them is trained.</param>
public sealed record TrainingData(string Source, IReadOnlyList<TrainingExample> Examples, int CutLines, long CutTokens, int UntrainedLines)
{
    /// <summary>Number of tokens in all examples.</summary>
    public long Tokens => Examples.Sum(static example => (long)example.Ids.Length);

    /// <summary>Number of predictions that count in all examples.</summary>
    public long Predictions => Examples.Sum(static example => (long)example.Predictions);

    /// <summary>Moves a part of the examples to a second set, evenly spread over the file.</summary>
    /// <param name="fraction">The part to move, above 0 and below 1. At least one example is moved and one stays.</param>
    public (TrainingData Train, TrainingData Evaluation) Split(double fraction)
    {
        int moved = Math.Clamp((int)Math.Round(Examples.Count * fraction), 1, Math.Max(1, Examples.Count - 1));
        HashSet<int> chosen = [.. Enumerable.Range(0, moved).Select(i => (int)((((2L * i) + 1) * Examples.Count) / (2L * moved)))];
        return (
            this with { Examples = [.. Examples.Where((_, i) => !chosen.Contains(i))] },
            new TrainingData(Source, [.. Examples.Where((_, i) => chosen.Contains(i))], 0, 0, 0));
    }
}
