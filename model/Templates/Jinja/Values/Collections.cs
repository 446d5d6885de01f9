namespace HunyuanOrleans.Model.Templates.Jinja.Values;

internal abstract class SequenceValue(List<Value> items) : Value
{
    public List<Value> Items => items;

    public override bool IsTrue => items.Count > 0;
}

internal sealed class ListValue(List<Value> items) : SequenceValue(items)
{
    public override string TypeName => "list";
}

/// <summary>
/// A tuple. Its hash is taken when it is made, from the hashes of its items: hashing later would recurse as deep as tuples nest.
/// </summary>
internal sealed class TupleValue : SequenceValue
{
    public TupleValue(List<Value> items)
        : base(items)
    {
        HashCode hash = default;
        Hash = 0;
        foreach (Value item in items)
        {
            if (KeyComparer.HashOf(item) is not { } part)
            {
                Hash = null;
                return;
            }

            hash.Add(part);
        }

        Hash = hash.ToHashCode();
    }

    /// <summary>Null where an item cannot be hashed.</summary>
    public int? Hash { get; }

    public override string TypeName => "tuple";
}

/// <summary>A dict in order of insertion; keys compare as in Python (1, 1.0 and true are one key).</summary>
internal sealed class DictValue(Budget budget) : Value
{
    public OrderedDictionary<Value, Value> Items { get; } = new(new KeyComparer(budget));

    public override string TypeName => "dict";

    public override bool IsTrue => Items.Count > 0;

    public void Set(Value key, Value value) => Items[KeyComparer.RequireKey(key)] = value;

    public Value? Find(Value key) => KeyComparer.HashOf(key) is not null && Items.TryGetValue(key, out Value? value) ? value : null;
}

/// <summary>The object of namespace(): attributes that survive loops.</summary>
internal sealed class NamespaceValue : Value
{
    public Dictionary<string, Value> Attributes { get; } = [];

    public override string TypeName => "namespace";
}
