namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>Compares and hashes dict keys, and charges the work to the budget of the rendering.</summary>
internal sealed class KeyComparer(RenderBudget budget) : IEqualityComparer<Value>
{
    public static Value RequireHashable(Value key) =>
        HashOf(key) is null ? throw new EvaluationException($"'{key.TypeName}' cannot be a key of a dict") : key;

    /// <summary>The hash, or null if the value is not hashable in Python. Equal numbers have equal hashes, whatever their type.</summary>
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
