namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>A dict in order of insertion; keys compare as in Python (1, 1.0 and true are one key).</summary>
internal sealed class DictValue(Budget budget) : Value
{
    public OrderedDictionary<Value, Value> Items { get; } = new(new KeyComparer(budget));

    public override string TypeName => "dict";

    public override bool IsTrue => Items.Count > 0;

    public void Set(Value key, Value value) => Items[KeyComparer.RequireKey(key)] = value;

    public Value? Find(Value key) => KeyComparer.HashOf(key) is not null && Items.TryGetValue(key, out Value? value) ? value : null;
}
