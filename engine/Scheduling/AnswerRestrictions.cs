using HunyuanOrleans.Engine.Sampling;
using HunyuanOrleans.Grammar;

namespace HunyuanOrleans.Engine.Scheduling;

/// <summary>
/// Which tokens may come next in one answer: what its constraint and its allowed tokens permit, without stop ids too early and the ends of bad words,
/// and with the end of reasoning that has reached its limit. The state depends only on the answer's token ids.
/// </summary>
internal sealed class AnswerRestrictions
{
    private const int BitsPerWord = 64;

    private readonly SequenceOptions _options;
    private readonly ConstraintState? _constraint;
    private readonly ReasoningCounter? _reasoning;
    private readonly TokenMask? _allowed;
    private readonly TokenBans? _bans;
    private ulong[]? _requiredMask;

    /// <summary>Creates the restrictions of an answer; its constraint and its reasoning have followed the tokens it is resumed with.</summary>
    public AnswerRestrictions(SequenceOptions options)
        : this(options, options.Constraint, options.Reasoning)
    {
    }

    private AnswerRestrictions(SequenceOptions options, ConstraintState? constraint, ReasoningCounter? reasoning)
    {
        _options = options;
        _constraint = constraint;
        _reasoning = reasoning;
        _allowed = options.Request.Sampling.AllowedTokens is { } allowed ? new TokenMask(allowed) : null;
        _bans = TokenBans.Create(options.Request, options.StopIds);
    }

    /// <summary>True if the tokens that may come next depend on those before.</summary>
    public bool Vary => _constraint is not null || _reasoning is not null || _bans is not null;

    /// <summary>True if the constraint ends the answer here.</summary>
    public bool IsFinished => _constraint is { IsFinished: true };

    /// <inheritdoc cref="ConstraintState.MayExplore"/>
    public bool MayExplore => _constraint is null or { MayExplore: true };

    /// <summary>Creates restrictions of the same answer that go on by themselves.</summary>
    public AnswerRestrictions Fork()
    {
        AnswerRestrictions fork = new(_options, _constraint?.Fork(), _reasoning?.CreateNew());
        fork.CopyFrom(this);
        return fork;
    }

    /// <summary>Makes these restrictions equal to others of the same answer.</summary>
    public void CopyFrom(AnswerRestrictions other)
    {
        _constraint?.CopyFrom(other._constraint!);
        _reasoning?.CopyFrom(other._reasoning!);
    }

    /// <summary>Follows a token.</summary>
    /// <exception cref="ConstraintException">The constraint does not allow it, or following it takes too much work.</exception>
    public void Advance(int token)
    {
        _constraint?.Advance(token);
        _reasoning?.Advance(token);
    }

    /// <summary>The tokens that may come next. The memory is reused by the next call.</summary>
    /// <param name="answer">The answer so far.</param>
    /// <exception cref="ConstraintException">Computing the mask takes too much work.</exception>
    public TokenRestriction Next(ReadOnlySpan<int> answer)
    {
        if (_reasoning?.Required is int token)
        {
            return new TokenRestriction(RequiredMask(token), default);
        }

        // A constraint that allows nothing but the empty text leaves an end-of-text token only, whatever min_tokens says.
        if (_constraint is { IsFinished: true } empty && answer.IsEmpty)
        {
            return new TokenRestriction(empty.AllowedTokens, default);
        }

        ReadOnlyMemory<int> forbidden = _bans?.After(answer) ?? default;
        return _constraint is not { IsFinished: false } constraint ? new TokenRestriction(_allowed?.Tokens ?? default, forbidden)
            : new TokenRestriction(_allowed is null ? constraint.AllowedTokens : _allowed.And(constraint.AllowedTokens.Span), forbidden);
    }

    private ulong[] RequiredMask(int token)
    {
        _requiredMask ??= new ulong[(_options.Request.Reasoning!.CloseIds.Max() + BitsPerWord) / BitsPerWord];
        _requiredMask.AsSpan().Clear();
        _requiredMask[token / BitsPerWord] = 1UL << (token % BitsPerWord);
        return _requiredMask;
    }
}
