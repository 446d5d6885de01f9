using HunyuanOrleans.Contracts.Requests;

namespace HunyuanOrleans.Engine.Execution;

/// <summary>The tokens that a step sampled, one entry per slice of its batch. Owned and reused by the scheduler.</summary>
/// <param name="maxSequences">Most slices in one step.</param>
public sealed class StepResult(int maxSequences)
{
    private readonly SampledToken[] _tokens = new SampledToken[maxSequences];

    /// <summary>The token sampled for slice <paramref name="slice"/>; undefined if the slice asked for none.</summary>
    public ref SampledToken this[int slice] => ref _tokens[slice];
}
