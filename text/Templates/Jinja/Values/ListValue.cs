namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>A list. It belongs to one rendering, and the template may change it.</summary>
internal sealed class ListValue(List<Value> items) : SequenceValue(items)
{
    public override string TypeName => "list";
}
