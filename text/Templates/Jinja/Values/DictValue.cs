namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>A dict that keeps the order of insertion. Keys compare as in Python: 1, 1.0 and true are the same key.</summary>
internal sealed class DictValue(RenderBudget budget) : Value
{
    public OrderedDictionary<Value, Value> Items { get; } = new(new KeyComparer(budget));

    public override string TypeName => "dict";

    public override bool IsTrue => Items.Count > 0;

    public void Set(Value key, Value value) => Items[KeyComparer.RequireHashable(key)] = value;

    public Value? Find(Value key) => KeyComparer.HashOf(key) is not null && Items.TryGetValue(key, out Value? value) ? value : null;
}
