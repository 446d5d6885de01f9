using HunyuanOrleans.Ptx.Execution;

namespace HunyuanOrleans.Ptx.Instructions;

/// <summary>Where the result of a comparison goes.</summary>
/// <param name="Target">Receives the result.</param>
/// <param name="Complement">Receives the result of the complement, if any.</param>
/// <param name="IsNegated">Whether the comparison is negated: so are comparisons made that are true with a NaN.</param>
/// <param name="Join">How it is joined.</param>
/// <param name="Other">The predicate it is joined with, if any.</param>
/// <param name="IsOtherNegated">Whether that predicate is negated.</param>
internal readonly record struct ComparisonResult(
    Slot? Target, Slot? Complement, bool IsNegated, PredicateJoin Join, Slot? Other, bool IsOtherNegated)
{
    /// <summary>Stores it.</summary>
    public void Store(Warp warp, uint mask, uint bits)
    {
        bits = IsNegated ? ~bits : bits;
        uint other = Other is { } slot ? Lanes.GetPredicate(warp, slot) : 0;
        other = IsOtherNegated ? ~other : other;
        if (Target is { } target)
        {
            Lanes.SetPredicate(warp, target, mask, Combine(bits, other));
        }

        if (Complement is { } complement)
        {
            Lanes.SetPredicate(warp, complement, mask, Combine(~bits, other));
        }
    }

    private uint Combine(uint bits, uint other) => Join switch
    {
        PredicateJoin.And => bits & other,
        PredicateJoin.Or => bits | other,
        PredicateJoin.Xor => bits ^ other,
        _ => bits,
    };
}
