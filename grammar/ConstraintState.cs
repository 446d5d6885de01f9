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

    /// <summary>
    /// False once half of the work is spent that all answers of the constraint may take together. Following texts that may be discarded must not spend the
    /// rest, so that an answer never fails because of them.
    /// </summary>
    public bool MayExplore => _constraint.MayExplore;

    internal PushdownState Current => _state;

    /// <summary>Creates another state of the same constraint that has come as far and goes on by itself.</summary>
    public ConstraintState Fork() => new(_constraint, _state) { _ended = _ended };

    /// <summary>Makes this state equal to another one of the same constraint.</summary>
    public void CopyFrom(ConstraintState other)
    {
        _state = other._state;
        _ended = other._ended;
        _maskIsCurrent = false;
    }

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
