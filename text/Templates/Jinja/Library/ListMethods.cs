using System.Numerics;
using HunyuanOrleans.Text.Templates.Jinja.Runtime;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>The methods of lists and tuples. Tuples have only the methods that do not change them.</summary>
internal static class ListMethods
{
    private delegate Value Method(RenderContext context, List<Value> items, Arguments arguments);

    private static readonly Dictionary<string, Method> ReadOnly = new()
    {
        ["index"] = (c, l, a) => Index(c, l, a.Bind("index", 1, "value")[0]!),
        ["count"] = (c, l, a) => Count(c, l, a.Bind("count", 1, "value")[0]!),
    };

    private static readonly Dictionary<string, Method> Mutating = new()
    {
        ["append"] = (c, l, a) => Insert(c, l, l.Count, a.Bind("append", 1, "object")[0]!),
        ["insert"] = (c, l, a) => Insert(c, l, a.Bind("insert", 2, "index", "object")),
        ["extend"] = (c, l, a) => Extend(c, l, a.Bind("extend", 1, "iterable")[0]!),
        ["pop"] = (c, l, a) => Pop(c, l, a.Bind("pop", 0, "index")),
        ["remove"] = (c, l, a) => Remove(c, l, a.Bind("remove", 1, "value")[0]!),
        ["reverse"] = (c, l, a) => Reverse(c, l, a),
        ["copy"] = (c, l, a) => Copy(c, l, a),
        ["clear"] = (_, l, a) => Clear(l, a),
    };

    public static Value? Find(RenderContext context, ListValue list, string name) =>
        FindReadOnly(context, list, name) ?? Bound(Mutating, context, list, name);

    public static Value? FindReadOnly(RenderContext context, SequenceValue sequence, string name) =>
        Bound(ReadOnly, context, sequence, name);

    private static CallableValue? Bound(Dictionary<string, Method> table, RenderContext context, SequenceValue sequence, string name) =>
        table.TryGetValue(name, out Method? method)
            ? new CallableValue(name, arguments => method(context, sequence.Items, arguments))
            : null;

    private static int Find(RenderContext context, List<Value> items, Value value)
    {
        for (int i = 0; i < items.Count; i++)
        {
            context.Budget.Step();
            if (Comparison.AreEqual(context.Budget, items[i], value))
            {
                return i;
            }
        }

        return -1;
    }

    private static IntValue Index(RenderContext context, List<Value> items, Value value) =>
        Find(context, items, value) is >= 0 and var at
            ? new IntValue(at)
            : throw new EvaluationException("index: the value is not in the list");

    private static IntValue Count(RenderContext context, List<Value> items, Value value)
    {
        int count = 0;
        foreach (Value item in items)
        {
            context.Budget.Step();
            count += Comparison.AreEqual(context.Budget, item, value) ? 1 : 0;
        }

        return new IntValue(count);
    }

    private static NoneValue Insert(RenderContext context, List<Value> items, BoundArguments bound)
    {
        int at = bound.Int(0) ?? throw new EvaluationException("insert needs an integer as index, not none");
        return Insert(context, items, Math.Clamp(at < 0 ? at + items.Count : at, 0, items.Count), bound[1]!);
    }

    private static NoneValue Insert(RenderContext context, List<Value> items, int at, Value value)
    {
        context.Budget.Charge(1 + ((items.Count - at) / 16));
        items.Insert(at, value);
        return NoneValue.Instance;
    }

    private static NoneValue Extend(RenderContext context, List<Value> items, Value more)
    {
        UndefinedValue.ThrowIfUndefined(more);
        items.AddRange(context.Iterate(more));
        return NoneValue.Instance;
    }

    private static Value Pop(RenderContext context, List<Value> items, BoundArguments bound)
    {
        int at = Members.ResolveIndex(bound.GetOrDefault(0, new IntValue(BigInteger.MinusOne)), items.Count)
            ?? throw new EvaluationException($"pop: the index is outside of the list, which has {items.Count} items");
        context.Budget.Charge((items.Count - at) / 16);
        Value value = items[at];
        items.RemoveAt(at);
        return value;
    }

    private static NoneValue Remove(RenderContext context, List<Value> items, Value value)
    {
        int at = Find(context, items, value);
        items.RemoveAt(at >= 0 ? at : throw new EvaluationException("remove: the value is not in the list"));
        return NoneValue.Instance;
    }

    private static NoneValue Reverse(RenderContext context, List<Value> items, Arguments arguments)
    {
        arguments.Bind("reverse", 0);
        context.Budget.Charge(items.Count);
        items.Reverse();
        return NoneValue.Instance;
    }

    private static ListValue Copy(RenderContext context, List<Value> items, Arguments arguments)
    {
        arguments.Bind("copy", 0);
        context.Budget.Charge(items.Count);
        return new ListValue([.. items]);
    }

    private static NoneValue Clear(List<Value> items, Arguments arguments)
    {
        arguments.Bind("clear", 0);
        items.Clear();
        return NoneValue.Instance;
    }
}
