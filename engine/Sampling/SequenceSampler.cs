using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Execution;
using HunyuanOrleans.Model;

namespace HunyuanOrleans.Engine.Sampling;

/// <summary>
/// Samples the tokens that one sequence gets in a step: the one after its last row, or with drafts, those after each accepted draft too. Each is the
/// token that a step of its own would have sampled, because it is drawn with the state after the tokens before it. An instance serves one thread at a
/// time; it allocates nothing unless log probabilities are requested.
/// </summary>
/// <param name="vocabularySize">Number of logits per row.</param>
public sealed class SequenceSampler(int vocabularySize)
{
    private readonly Sampler _sampler = new(vocabularySize);
    private SamplingState? _state;
    private DraftTokens _drafts;
    private TokenRestriction _restriction;
    private int _distinct;
    private int _accepted;

    /// <summary>True once a draft was rejected, or the row after the last draft was sampled.</summary>
    public bool IsDone => _state is null;

    /// <summary>Begins with the tokens of a slice. Sample until <see cref="IsDone"/>.</summary>
    /// <param name="state">The sequence's sampling state. It advances with accepted drafts and is as before once this is done.</param>
    /// <param name="drafts">The guessed tokens of the slice.</param>
    public void Begin(SamplingState state, in DraftTokens drafts)
    {
        _state = state;
        _drafts = drafts;
        _restriction = state.Restriction;
        _distinct = state.DistinctTokens;
        _accepted = 0;
    }

    /// <summary>Samples the next token.</summary>
    /// <param name="logits">The row of the last token that is no draft, then those of the drafts, one after the other; overwritten.</param>
    /// <returns>The token; see <see cref="Sampler.Sample"/>.</returns>
    public SampledToken Sample(Span<float> logits) => Accept(_sampler.Sample(logits, State));

    /// <summary>Samples the next token, from the largest logits of a row if they are enough. It is the same token.</summary>
    /// <param name="logits">The logits, after <see cref="StepLogits.Fetch"/>.</param>
    /// <param name="row">The row of the last token that is no draft, then those of the drafts, one after the other; overwritten.</param>
    /// <returns>The token; see <see cref="Sampler.Sample"/>.</returns>
    public SampledToken Sample(StepLogits logits, int row)
    {
        SamplingState state = State;
        return logits.Selected > 0 && _sampler.LargestFor(state, logits.MaxLargest) > 0 && _sampler.TrySample(logits.Largest(row), state, out SampledToken token)
            ? Accept(token)
            : Sample(logits.Row(row));
    }

    /// <inheritdoc cref="Sampler.LargestFor"/>
    public int LargestFor(SamplingState state, StepLogits logits) => _sampler.LargestFor(state, logits.MaxLargest);

    private SamplingState State => _state ?? throw new InvalidOperationException("The tokens of this slice have been sampled.");

    private SampledToken Accept(SampledToken token)
    {
        SamplingState state = State;
        if (_accepted < _drafts.Count && token.Id == _drafts.Tokens.Span[_accepted])
        {
            state.Append(token.Id);
            if (!_drafts.Restrictions.IsEmpty)
            {
                state.Restriction = _drafts.Restrictions.Span[_accepted];
            }

            _accepted++;
        }
        else
        {
            state.Rewind(_drafts.Tokens.Span[.._accepted], _distinct);
            state.Restriction = _restriction;
            (_state, _drafts) = (null, default);
        }

        return token;
    }

    /// <inheritdoc cref="Sampler.Score"/>
    public SampledToken Score(ReadOnlySpan<float> logits, int id, int alternatives) => _sampler.Score(logits, id, alternatives);
}
