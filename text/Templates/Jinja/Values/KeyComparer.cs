namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>Equality and hashes of dict keys, charged to the rendering's budget.</summary>
internal sealed class KeyComparer(Budget budget) : IEqualityComparer<Value>
{
    public static Value RequireKey(Value key) =>
        HashOf(key) is null ? throw new EvaluationError($"'{key.TypeName}' cannot be a key of a dict") : key;

    /// <summary>The hash, or null where Python cannot hash the value. Numbers that are equal hash alike whatever their type.</summary>
    public static int? HashOf(Value value) => value switch
    {
        StringValue text => string.GetHashCode(text.Text, StringComparison.Ordinal),
        BoolValue flag => flag.IsTrue ? 1.0.GetHashCode() : 0.0.GetHashCode(),
        IntValue number => ((double)number.Number).GetHashCode(),
        FloatValue number => number.Number.GetHashCode(),
        TupleValue tuple => tuple.Hash,
        ListValue or DictValue => null,
        _ => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(value),
    };

    public bool Equals(Value? x, Value? y) => x is not null && y is not null && Comparison.AreEqual(budget, x, y);

    public int GetHashCode(Value obj) => HashOf(obj) ?? 0;
}
