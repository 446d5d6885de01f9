using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Runtime;

/// <summary>The state of one rendering that filters, methods and functions use: its options and its budget.</summary>
internal sealed class RenderContext(TemplateOptions options)
{
    public TemplateOptions Options => options;

    public RenderBudget Budget { get; } = new(options);

    public OriginText TextOf(Value value) => ValueFormatter.Str(Budget, value);

    public OriginTextBuilder CreateBuilder() => new(Budget);

    /// <summary>
    /// The elements that a loop visits: characters of a string, keys of a dict, nothing for undefined. The caller owns the list.
    /// </summary>
    public List<Value> Iterate(Value value)
    {
        List<Value> items = value switch
        {
            SequenceValue sequence => [.. sequence.Items],
            DictValue dict => [.. dict.Items.Keys],
            StringValue text => Characters(text.OriginText),
            UndefinedValue => [],
            _ => throw new EvaluationException($"'{value.TypeName}' cannot be looped over; expected a list, tuple, dict or string"),
        };
        Budget.Charge(items.Count);
        return items;
    }

    private List<Value> Characters(OriginText text)
    {
        Budget.Charge(text.Length);
        List<Value> items = new(text.Length);
        for (int i = 0; i < text.Length; i += PythonText.CodeUnitsAt(text.Text, i))
        {
            items.Add(new StringValue(text.Slice(i, PythonText.CodeUnitsAt(text.Text, i))));
        }

        return items;
    }
}
