using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar;

/// <summary>
/// The progress of one answer through its <see cref="Constraint"/>. The state depends only on the answer's token ids, so replaying the
/// ids gives an equal state. Owns its mask. Not thread-safe.
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
        _mask = new ulong[constraint.MaskWords];
    }

    /// <summary>True if the text so far satisfies the constraint, so that an end-of-text token is allowed.</summary>
    public bool IsComplete => _ended || _state.CanEnd;

    /// <summary>True if the text is complete and only an end-of-text token can follow.</summary>
    public bool IsFinished => _ended || (_state.CanEnd && !_state.CanContinue);

    /// <summary>
    /// The mask of tokens that may come next: token id is bit id % 64 of word id / 64. This object owns the memory and overwrites it when
    /// the property is read after <see cref="Advance"/>.
    /// </summary>
    /// <exception cref="ConstraintException">Computing the mask takes too much work.</exception>
    public ReadOnlyMemory<ulong> AllowedTokens
    {
        get
        {
            if (!_maskIsCurrent)
            {
                if (_ended)
                {
                    _mask.AsSpan().Clear();
                    _constraint.AllowEndTokens(_mask);
                }
                else
                {
                    _constraint.FillMask(_state, _mask);
                }

                _maskIsCurrent = true;
            }

            return _mask;
        }
    }

    internal PushdownState Current => _state;

    /// <summary>Appends a token to the answer.</summary>
    /// <param name="token">One of <see cref="AllowedTokens"/>. Only another end-of-text token may follow an end-of-text token.</param>
    /// <exception cref="ConstraintException">The token is not allowed, or following the constraint takes too much work.</exception>
    public void Advance(int token)
    {
        if (_constraint.IsEndToken(token) && IsComplete)
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
