namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>A lower or upper bound of a number.</summary>
/// <param name="Value">The bound.</param>
/// <param name="Exclusive">True if the bound itself is not allowed.</param>
internal readonly record struct NumberBound(ExactDecimal Value, bool Exclusive)
{
    /// <summary>Returns the bound of the negated numbers.</summary>
    public NumberBound Negated() => new(Value.Negated(), Exclusive);
}
