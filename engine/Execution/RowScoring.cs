namespace HunyuanOrleans.Engine.Execution;

/// <summary>The rows of a slice whose log probabilities of the token that follows are wanted: those of a prompt.</summary>
/// <param name="FirstRow">Index in the slice of the first of these rows.</param>
/// <param name="Targets">The token that follows each of them, one entry per row; empty if none is wanted.</param>
/// <param name="Alternatives">Number of most probable tokens that are wanted for each row besides.</param>
public readonly record struct RowScoring(int FirstRow, ReadOnlyMemory<int> Targets, int Alternatives)
{
    /// <summary>Number of rows.</summary>
    public int Count => Targets.Length;
}
