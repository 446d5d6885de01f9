namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>A list. Templates may change it; it lives no longer than one rendering.</summary>
internal sealed class ListValue(List<Value> items) : SequenceValue(items)
{
    public override string TypeName => "list";
}
