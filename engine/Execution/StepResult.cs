using HunyuanOrleans.Engine.Sampling;

namespace HunyuanOrleans.Engine.Execution;

/// <summary>What a step gave, one entry per slice of its batch. Owned and reused by the scheduler.</summary>
public sealed class StepResult(int maxSequences)
{
    private readonly SampledToken[] _tokens = new SampledToken[maxSequences];

    /// <summary>The token sampled for slice <paramref name="slice"/>; meaningless where the slice asked for none.</summary>
    public ref SampledToken this[int slice] => ref _tokens[slice];
}
