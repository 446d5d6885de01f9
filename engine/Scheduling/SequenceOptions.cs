using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Grammar;
using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Text.Streaming;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>What is fixed about a sequence when it is submitted.</summary>
internal sealed record SequenceOptions
{
    /// <summary>The request that it answers.</summary>
    public required GenerationRequest Request { get; init; }

    /// <summary>Which of the request's answers it is, from 0.</summary>
    public required int Choice { get; init; }

    /// <summary>The effective seed of this answer.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Most tokens of the answer.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Positions in one KV block.</summary>
    public required int BlockPositions { get; init; }

    /// <summary>The hash that the first block's hash is chained to.</summary>
    public required UInt128 CacheRoot { get; init; }

    /// <summary>Token ids that end the answer, the model's end-of-text ids included.</summary>
    public required int[] StopIds { get; init; }

    /// <summary>Matches stop strings in the answer's text; null if the request has none.</summary>
    public StopStringMatcher? StopStrings { get; init; }

    /// <summary>How far the answer has followed the request's constraint; null if the request has none.</summary>
    public ConstraintState? Constraint { get; init; }

    /// <summary>Counts the tokens of the answer's reasoning; null if they are not limited.</summary>
    public ReasoningCounter? Reasoning { get; init; }

    /// <summary>The first answer of the same request, which computes their common prompt; null for the first itself.</summary>
    public Sequence? First { get; init; }

    /// <summary>The adapter that computes it; null: none. It stays in memory until the answer ends.</summary>
    public IAdapter? Adapter { get; init; }

    /// <summary>The answer's tokens so far, drawn elsewhere; empty for a new answer.</summary>
    public ReadOnlyMemory<int> ResumedIds { get; init; }
}
