using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Runtime;

/// <summary>What filters, methods and functions may use of one rendering: its options and its budget.</summary>
internal sealed class RenderContext(TemplateOptions options)
{
    public TemplateOptions Options => options;

    public Budget Budget { get; } = new(options);

    public TracedText TextOf(Value value) => TextForm.Of(Budget, value);

    public TracedBuilder Builder() => new(Budget);

    /// <summary>
    /// The elements a loop sees: characters of a string, keys of a dict; none for undefined. The list is the caller's to keep.
    /// </summary>
    public List<Value> Iterate(Value value)
    {
        List<Value> items = value switch
        {
            SequenceValue sequence => [.. sequence.Items],
            DictValue dict => [.. dict.Items.Keys],
            StringValue text => Characters(text.Traced),
            UndefinedValue => [],
            _ => throw new EvaluationError($"'{value.TypeName}' cannot be looped over; expected a list, tuple, dict or string"),
        };
        Budget.Charge(items.Count);
        return items;
    }

    private List<Value> Characters(TracedText text)
    {
        Budget.Charge(text.Length);
        List<Value> items = new(text.Length);
        for (int i = 0; i < text.Length; i += PyText.UnitsAt(text.Text, i))
        {
            items.Add(new StringValue(text.Slice(i, PyText.UnitsAt(text.Text, i))));
        }

        return items;
    }
}
