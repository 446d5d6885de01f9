using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Engine.Execution;

/// <summary>The tokens that a step sampled, one entry per slice of its batch, and the scores of prompt tokens. Owned and reused by the scheduler.</summary>
/// <param name="maxSequences">Most slices in one step.</param>
public sealed class StepResult(int maxSequences)
{
    private readonly SampledToken[] _tokens = new SampledToken[maxSequences];

    /// <summary>
    /// The tokens of the rows that the slices' <see cref="SequenceSlice.Scoring"/> asks for, slice after slice, with their log probabilities. The executor
    /// empties and fills it.
    /// </summary>
    public List<SampledToken> Scores { get; } = [];

    /// <summary>The token sampled for slice <paramref name="slice"/>; undefined if the slice asked for none.</summary>
    public ref SampledToken this[int slice] => ref _tokens[slice];
}
