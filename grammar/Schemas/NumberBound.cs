namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>A bound of a number.</summary>
/// <param name="Value">The bound.</param>
/// <param name="Exclusive">True where the bound itself is out.</param>
internal readonly record struct NumberBound(ExactDecimal Value, bool Exclusive)
{
    /// <summary>The bound of the mirrored range.</summary>
    public NumberBound Negated() => new(Value.Negated(), Exclusive);
}
