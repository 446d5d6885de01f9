namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>The base of lists and tuples.</summary>
internal abstract class SequenceValue(List<Value> items) : Value
{
    public List<Value> Items => items;

    public override bool IsTrue => items.Count > 0;
}
