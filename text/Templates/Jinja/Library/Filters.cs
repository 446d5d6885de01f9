using HunyuanOrleans.Text.Templates.Jinja.Runtime;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

internal delegate Value Filter(RenderContext context, Value value, Arguments arguments);

/// <summary>
/// All filters by name. As in Jinja2, an unknown filter is an error when it is evaluated, not when it is parsed.
/// </summary>
internal static class Filters
{
    private static readonly Dictionary<string, Filter> Table = Merge(TextFilters.Table, NumberFilters.Table, ListFilters.Table, SelectFilters.Table);

    public static bool Exists(string name) => Table.ContainsKey(name);

    public static Value Apply(RenderContext context, string name, Value value, Arguments arguments)
    {
        context.Budget.ChargeSearch(value is StringValue text ? text.Text.Length : 0, 0);
        return Table.TryGetValue(name, out Filter? filter)
            ? filter(context, value, arguments)
            : throw new EvaluationException($"unknown filter '{name}'; known are {string.Join(", ", Table.Keys.Order(StringComparer.Ordinal))}");
    }

    private static Dictionary<string, Filter> Merge(params Dictionary<string, Filter>[] tables)
    {
        Dictionary<string, Filter> merged = [];
        foreach ((string name, Filter filter) in tables.SelectMany(static table => table))
        {
            merged.Add(name, filter);
        }

        return merged;
    }
}
