using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar;

/// <summary>
/// How far one answer has come in its <see cref="Constraint"/>. It follows from the answer's ids alone, so a replay builds an equal
/// one. Owns its mask. Not thread-safe.
/// </summary>
public sealed class ConstraintState
{
    private readonly Constraint _constraint;
    private readonly ulong[] _mask;
    private PushdownState _state;
    private bool _maskIsCurrent;
    private bool _ended;

    internal ConstraintState(Constraint constraint, PushdownState start)
    {
        _constraint = constraint;
        _state = start;
        _mask = new ulong[constraint.Words];
    }

    /// <summary>The text so far satisfies the constraint: an end-of-text token is allowed.</summary>
    public bool IsComplete => _ended || _state.ReachesBottom;

    /// <summary>Complete, and nothing but the end can follow.</summary>
    public bool IsFinished => _ended || (_state.ReachesBottom && !_state.CanContinue);

    /// <summary>
    /// The tokens that may come next, bit id % 64 of word id / 64. The memory is this object's and changes when it is read again after
    /// <see cref="Advance"/>.
    /// </summary>
    /// <exception cref="ConstraintException">Finding them takes too much work.</exception>
    public ReadOnlyMemory<ulong> AllowedTokens
    {
        get
        {
            if (!_maskIsCurrent)
            {
                if (_ended)
                {
                    _mask.AsSpan().Clear();
                    _constraint.AllowEnd(_mask);
                }
                else
                {
                    _constraint.Allow(_state, _mask);
                }

                _maskIsCurrent = true;
            }

            return _mask;
        }
    }

    internal PushdownState Current => _state;

    /// <summary>Notes the token drawn.</summary>
    /// <param name="token">One of <see cref="AllowedTokens"/>; after an end-of-text token only another one.</param>
    /// <exception cref="ConstraintException">The token is not allowed here, or following the constraint takes too much work.</exception>
    public void Advance(int token)
    {
        if (_constraint.IsEnd(token) && IsComplete)
        {
            _ended = true;
        }
        else
        {
            _state = (_ended ? null : _constraint.Advance(_state, token)) ?? throw _constraint.NotAllowed(token);
        }

        _maskIsCurrent = false;
    }
}
