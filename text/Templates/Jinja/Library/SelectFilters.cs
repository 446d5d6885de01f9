using HunyuanOrleans.Text.Templates.Jinja.Runtime;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>Filters that apply another filter or test to each element: map, select, reject, selectattr, rejectattr.</summary>
internal static class SelectFilters
{
    public static readonly Dictionary<string, Filter> Table = new()
    {
        ["map"] = Map,
        ["select"] = (c, v, a) => Select(c, v, a, "select", byAttribute: false, keep: true),
        ["reject"] = (c, v, a) => Select(c, v, a, "reject", byAttribute: false, keep: false),
        ["selectattr"] = (c, v, a) => Select(c, v, a, "selectattr", byAttribute: true, keep: true),
        ["rejectattr"] = (c, v, a) => Select(c, v, a, "rejectattr", byAttribute: true, keep: false),
    };

    private static ListValue Map(RenderContext context, Value value, Arguments arguments)
    {
        Func<Value, Value> map;
        if (arguments.Positional.Count == 0)
        {
            BoundArguments bound = arguments.Bind("map", 0, "attribute", "default");
            Value path = bound[0] ?? throw new EvaluationException("map needs the name of a filter, or attribute=");
            map = item => Members.FollowPath(context, item, path) is UndefinedValue missing
                ? bound[1] ?? missing
                : Members.FollowPath(context, item, path);
        }
        else
        {
            string name = NameOf(arguments.Positional[0], "map", "filter");
            Arguments rest = new(arguments.Positional[1..], arguments.Named);
            map = item => Filters.Apply(context, name, item, rest);
        }

        return new ListValue([.. Elements(context, value).Select(map)]);
    }

    private static ListValue Select(RenderContext context, Value value, Arguments arguments, string owner, bool byAttribute, bool keep)
    {
        List<Value> given = arguments.Positional;
        Value? path = null;
        if (byAttribute)
        {
            path = given.Count > 0 ? given[0] : throw new EvaluationException($"{owner} needs the name of an attribute");
            given = given[1..];
        }

        string? test = given.Count > 0 ? NameOf(given[0], owner, "test") : null;
        Arguments rest = new(given.Count > 0 ? given[1..] : [], arguments.Named);
        List<Value> kept = [];
        foreach (Value item in Elements(context, value))
        {
            Value subject = path is null ? item : Members.FollowPath(context, item, path);
            bool holds = test is null ? subject.IsTrue : Tests.Apply(context, test, subject, rest);
            if (holds == keep)
            {
                kept.Add(item);
            }
        }

        return new ListValue(kept);
    }

    /// <summary>As in Jinja2, a false value (including none) has no elements.</summary>
    private static List<Value> Elements(RenderContext context, Value value) => value.IsTrue ? context.Iterate(value) : [];

    private static string NameOf(Value value, string owner, string what) =>
        value is StringValue text
            ? text.Text
            : throw new EvaluationException($"{owner} needs the name of a {what} as a string, not {value.TypeName}");
}
