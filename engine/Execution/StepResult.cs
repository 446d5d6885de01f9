using System.Runtime.InteropServices;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Speculation;

namespace HunyuanOrleans.Engine.Execution;

/// <summary>
/// The tokens that a step sampled for each slice of its batch, and the scores of prompt tokens. The scheduler owns and reuses it; the executor empties
/// and fills it.
/// </summary>
/// <param name="maxSequences">Most slices in one step.</param>
/// <param name="maxTokens">Most tokens that a step samples: as many as rows with logits.</param>
public sealed class StepResult(int maxSequences, int maxTokens)
{
    private readonly List<SampledToken> _tokens = new(maxTokens);
    private readonly int[] _ends = new int[maxSequences];
    private readonly int[] _drafts = new int[maxSequences * SpeculationOptions.LongestMtp];
    private readonly int[] _draftCounts = new int[maxSequences];

    /// <summary>
    /// The tokens of the rows that the slices' <see cref="SequenceSlice.Scoring"/> asks for, slice after slice, with their log probabilities.
    /// </summary>
    public List<SampledToken> Scores { get; } = [];

    /// <summary>
    /// The tokens sampled for slice <paramref name="slice"/>: the accepted drafts and one more; none if the slice asked for none.
    /// </summary>
    public ReadOnlySpan<SampledToken> this[int slice]
    {
        get
        {
            int start = slice == 0 ? 0 : _ends[slice - 1];
            return CollectionsMarshal.AsSpan(_tokens)[start.._ends[slice]];
        }
    }

    /// <summary>Empties the result. Call it before a step is computed.</summary>
    public void Clear()
    {
        _tokens.Clear();
        Array.Clear(_ends);
        Array.Clear(_draftCounts);
        Scores.Clear();
    }

    /// <summary>
    /// The tokens that the executor's MTP layer guesses to follow those sampled for slice <paramref name="slice"/>; at most as many as it asked for.
    /// </summary>
    public ReadOnlySpan<int> Drafts(int slice) => _drafts.AsSpan(slice * SpeculationOptions.LongestMtp, _draftCounts[slice]);

    /// <summary>Adds a guess to those of a slice.</summary>
    public void AddDraft(int slice, int token)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(_draftCounts[slice], SpeculationOptions.LongestMtp, nameof(slice));
        _drafts[(slice * SpeculationOptions.LongestMtp) + _draftCounts[slice]++] = token;
    }

    /// <summary>Adds a token of a slice. The slices must come in ascending order, but those without tokens may be left out.</summary>
    public void Add(int slice, in SampledToken token)
    {
        _tokens.Add(token);
        _ends.AsSpan(slice).Fill(_tokens.Count);
    }
}
