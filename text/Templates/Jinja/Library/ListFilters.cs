using HunyuanOrleans.Text.Templates.Jinja.Runtime;
using HunyuanOrleans.Text.Templates.Jinja.Syntax;
using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>Filters over lists and dicts. They return a list where Jinja2 returns a generator.</summary>
internal static class ListFilters
{
    public static readonly Dictionary<string, Filter> Table = new()
    {
        ["length"] = Length,
        ["count"] = Length,
        ["list"] = (c, v, a) => ToList(c, v, a),
        ["first"] = (c, v, a) => FirstOrLast(c, v, a, "first", 0),
        ["last"] = (c, v, a) => FirstOrLast(c, v, a, "last", ^1),
        ["items"] = (c, v, a) => Items(c, v, a),
        ["reverse"] = (c, v, a) => Reverse(c, v, a),
        ["default"] = (_, v, a) => Default(v, a.Bind("default", 0, "default_value", "boolean")),
        ["d"] = (_, v, a) => Default(v, a.Bind("d", 0, "default_value", "boolean")),
        ["unique"] = (c, v, a) => Unique(c, v, a.Bind("unique", 0, "case_sensitive", "attribute")),
        ["sort"] = (c, v, a) => Sort(c, v, a.Bind("sort", 0, "reverse", "case_sensitive", "attribute")),
        ["dictsort"] = (c, v, a) => DictSort(c, v, a.Bind("dictsort", 0, "case_sensitive", "by", "reverse")),
        ["min"] = (c, v, a) => MinOrMax(c, v, a.Bind("min", 0, "case_sensitive", "attribute"), -1),
        ["max"] = (c, v, a) => MinOrMax(c, v, a.Bind("max", 0, "case_sensitive", "attribute"), 1),
        ["sum"] = (c, v, a) => Sum(c, v, a.Bind("sum", 0, "attribute", "start")),
        ["batch"] = (c, v, a) => Batch(c, v, a.Bind("batch", 1, "linecount", "fill_with")),
        ["attr"] = (c, v, a) => Members.Attribute(c, v, a.Bind("attr", 1, "name").Text(0)?.Text ?? ""),
    };

    public static int LengthOf(Value value) => value switch
    {
        SequenceValue sequence => sequence.Items.Count,
        DictValue dict => dict.Items.Count,
        StringValue text => PythonText.CodePointCount(text.Text),
        UndefinedValue => 0,
        _ => throw new EvaluationException($"'{value.TypeName}' has no length"),
    };

    private static IntValue Length(RenderContext context, Value value, Arguments arguments)
    {
        arguments.Bind("length", 0);
        context.Budget.Step();
        return new IntValue(LengthOf(value));
    }

    private static ListValue ToList(RenderContext context, Value value, Arguments arguments)
    {
        arguments.Bind("list", 0);
        return new ListValue(context.Iterate(value));
    }

    private static Value FirstOrLast(RenderContext context, Value value, Arguments arguments, string name, Index index)
    {
        arguments.Bind(name, 0);
        List<Value> items = context.Iterate(value);
        return items.Count == 0 ? new UndefinedValue($"'{name}' of an empty {value.TypeName} is undefined") : items[index];
    }

    private static ListValue Items(RenderContext context, Value value, Arguments arguments)
    {
        arguments.Bind("items", 0);
        List<Value> pairs = value switch
        {
            DictValue dict => [.. DictMethods.Pairs(dict)],
            UndefinedValue => [],
            _ => throw new EvaluationException($"items needs a dict, not {value.TypeName}"),
        };
        context.Budget.Charge(pairs.Count);
        return new ListValue(pairs);
    }

    private static Value Reverse(RenderContext context, Value value, Arguments arguments)
    {
        arguments.Bind("reverse", 0);
        if (value is StringValue)
        {
            return Slicing.Slice(context, value, null, null, new IntValue(-1));
        }

        List<Value> items = context.Iterate(value);
        items.Reverse();
        return new ListValue(items);
    }

    private static Value Default(Value value, BoundArguments bound) =>
        value is UndefinedValue || (bound.Bool(1) && !value.IsTrue) ? bound.GetOrDefault(0, StringValue.Empty) : value;

    private static ListValue Unique(RenderContext context, Value value, BoundArguments bound)
    {
        HashSet<Value> seen = new(new KeyComparer(context.Budget));
        List<Value> kept = [];
        foreach (Value item in context.Iterate(value))
        {
            if (seen.Add(KeyComparer.RequireHashable(KeyOf(context, item, bound[1], bound.Bool(0)))))
            {
                kept.Add(item);
            }
        }

        return new ListValue(kept);
    }

    private static ListValue Sort(RenderContext context, Value value, BoundArguments bound)
    {
        Value[] paths = bound[2] switch
        {
            null or NoneValue => [],
            StringValue text => [.. text.Text.Split(',').Select(StringValue.FromTemplate)],
            { } index => [index],
        };
        List<(Value Key, Value Item)> keyed = [];
        foreach (Value item in context.Iterate(value))
        {
            Value key = paths.Length switch
            {
                0 => KeyOf(context, item, null, bound.Bool(1)),
                1 => KeyOf(context, item, paths[0], bound.Bool(1)),
                _ => new TupleValue([.. paths.Select(path => KeyOf(context, item, path, bound.Bool(1)))]),
            };
            keyed.Add((key, item));
        }

        return new ListValue([.. Sorted(context, keyed, bound.Bool(0))]);
    }

    private static ListValue DictSort(RenderContext context, Value value, BoundArguments bound)
    {
        UndefinedValue.ThrowIfUndefined(value);
        DictValue dict = value as DictValue ?? throw new EvaluationException($"dictsort needs a dict, not {value.TypeName}");
        string by = bound.Text(1)?.Text ?? "key";
        int part = by is "key" or "value" ? by == "key" ? 0 : 1 : throw new EvaluationException($"dictsort sorts by key or value, not '{by}'");
        List<(Value, Value)> keyed = [];
        foreach (Value pair in DictMethods.Pairs(dict))
        {
            keyed.Add((KeyOf(context, ((TupleValue)pair).Items[part], null, bound.Bool(0)), pair));
        }

        return new ListValue([.. Sorted(context, keyed, bound.Bool(2))]);
    }

    private static IEnumerable<Value> Sorted(RenderContext context, List<(Value Key, Value Item)> keyed, bool reverse) =>
        StableSort.Sort(keyed, (a, b) => Comparison.Compare(context.Budget, a.Key, b.Key, "<") ?? 0, reverse).Select(static k => k.Item);

    private static Value MinOrMax(RenderContext context, Value value, BoundArguments bound, int wanted)
    {
        Value? best = null;
        Value? bestKey = null;
        foreach (Value item in context.Iterate(value))
        {
            Value key = KeyOf(context, item, bound[1], bound.Bool(0));
            if (bestKey is null || Math.Sign(Comparison.Compare(context.Budget, key, bestKey, "<") ?? 0) == wanted)
            {
                (best, bestKey) = (item, key);
            }
        }

        return best ?? new UndefinedValue("the smallest or largest of nothing is undefined");
    }

    private static Value Sum(RenderContext context, Value value, BoundArguments bound)
    {
        Value total = bound.GetOrDefault(1, new IntValue(0));
        foreach (Value item in context.Iterate(value))
        {
            Value part = bound[0] is null or NoneValue ? item : Members.FollowPath(context, item, bound[0]!);
            total = Arithmetic.Apply(context, BinaryOp.Add, total, part);
        }

        return total;
    }

    private static ListValue Batch(RenderContext context, Value value, BoundArguments bound)
    {
        int size = bound.Int(0) is > 0 and var given ? given : throw new EvaluationException("batch needs a size of at least 1");
        List<Value> batches = [];
        foreach (Value[] chunk in context.Iterate(value).Chunk(size))
        {
            List<Value> items = [.. chunk];
            while (bound[1] is not (null or NoneValue) && items.Count < size)
            {
                context.Budget.Step();
                items.Add(bound[1]!);
            }

            batches.Add(new ListValue(items));
        }

        return new ListValue(batches);
    }

    private static Value KeyOf(RenderContext context, Value item, Value? path, bool caseSensitive)
    {
        Value key = path is null or NoneValue ? item : Members.FollowPath(context, item, path);
        return key is StringValue text && !caseSensitive ? StringValue.FromTemplate(text.Text.ToLowerInvariant()) : key;
    }
}
