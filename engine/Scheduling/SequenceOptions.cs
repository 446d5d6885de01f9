using HunyuanOrleans.Engine.Constraints;
using HunyuanOrleans.Engine.Requests;
using HunyuanOrleans.Engine.Text;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>What is fixed about a sequence when it is submitted.</summary>
/// <param name="Request">The request it answers.</param>
/// <param name="Choice">Which of the request's answers.</param>
/// <param name="Seed">The effective seed of this answer.</param>
/// <param name="MaxTokens">Most tokens of the answer.</param>
/// <param name="BlockPositions">Positions per KV block.</param>
/// <param name="CacheRoot">Start of the block hash chain.</param>
/// <param name="StopIds">Ids that end it.</param>
/// <param name="Stops">Stop strings, or null.</param>
/// <param name="Constraint">How far the answer has come in what its text must look like, or null.</param>
/// <param name="First">The first answer of the same request, whose prompt blocks this one waits for; null for the first itself.</param>
/// <param name="Resumed">The answer's tokens so far, drawn elsewhere.</param>
internal sealed record SequenceOptions(
    GenerationRequest Request,
    int Choice,
    ulong Seed,
    int MaxTokens,
    int BlockPositions,
    UInt128 CacheRoot,
    int[] StopIds,
    StopMatcher? Stops,
    ConstraintState? Constraint,
    Sequence? First,
    ReadOnlyMemory<int> Resumed);
