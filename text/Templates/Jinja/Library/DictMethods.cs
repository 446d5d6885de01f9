using HunyuanOrleans.Text.Templates.Jinja.Runtime;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>The methods of dicts. Methods that change a dict are included, because published templates call update.</summary>
internal static class DictMethods
{
    private delegate Value Method(RenderContext context, DictValue dict, Arguments arguments);

    private static readonly Dictionary<string, Method> Table = new()
    {
        ["get"] = (_, d, a) => Get(d, a.Bind("get", 1, "key", "default")),
        ["keys"] = (c, d, a) => List(c, a, "keys", d.Items.Keys),
        ["values"] = (c, d, a) => List(c, a, "values", d.Items.Values),
        ["items"] = (c, d, a) => List(c, a, "items", Pairs(d)),
        ["update"] = Update,
        ["setdefault"] = (_, d, a) => SetDefault(d, a.Bind("setdefault", 1, "key", "default")),
        ["pop"] = (_, d, a) => Pop(d, a.Bind("pop", 1, "key", "default")),
        ["copy"] = (c, d, a) => Copy(c, d, a),
        ["clear"] = (_, d, a) => Clear(d, a),
    };

    public static Value? Find(RenderContext context, DictValue dict, string name) =>
        Table.TryGetValue(name, out Method? method) ? new CallableValue(name, arguments => method(context, dict, arguments)) : null;

    public static IEnumerable<Value> Pairs(DictValue dict)
    {
        foreach ((Value key, Value value) in dict.Items)
        {
            yield return new TupleValue([key, value]);
        }
    }

    /// <summary>Adds the arguments of dict(), dict.update() or namespace(): a dict or a list of pairs, then named arguments.</summary>
    public static void Merge(RenderContext context, DictValue into, Arguments arguments, string owner)
    {
        if (arguments.Positional.Count > 1)
        {
            throw new EvaluationException($"{owner} takes at most one dict, but {arguments.Positional.Count} arguments are given");
        }

        if (arguments.Positional.Count == 1 && arguments.Positional[0] is DictValue other)
        {
            context.Budget.Charge(other.Items.Count);
            foreach ((Value key, Value value) in other.Items.ToArray())
            {
                into.Set(key, value);
            }
        }
        else if (arguments.Positional.Count == 1)
        {
            UndefinedValue.ThrowIfUndefined(arguments.Positional[0]);
            foreach (Value pair in context.Iterate(arguments.Positional[0]))
            {
                List<Value> parts = pair is SequenceValue { Items.Count: 2 } sequence
                    ? sequence.Items
                    : throw new EvaluationException($"{owner} needs a dict or a list of pairs");
                into.Set(parts[0], parts[1]);
            }
        }

        foreach ((string name, Value value) in arguments.Named)
        {
            // With '**' the name may come from a dict of the request.
            into.Set(StringValue.FromRequest(name), value);
        }
    }

    private static Value Get(DictValue dict, BoundArguments bound) =>
        dict.Find(KeyComparer.RequireHashable(bound[0]!)) ?? bound.GetOrDefault(1, NoneValue.Instance);

    private static ListValue List(RenderContext context, Arguments arguments, string name, IEnumerable<Value> values)
    {
        arguments.Bind(name, 0);
        ListValue list = new([.. values]);
        context.Budget.Charge(list.Items.Count);
        return list;
    }

    private static NoneValue Update(RenderContext context, DictValue dict, Arguments arguments)
    {
        Merge(context, dict, arguments, "update");
        return NoneValue.Instance;
    }

    private static Value SetDefault(DictValue dict, BoundArguments bound)
    {
        Value? found = dict.Find(KeyComparer.RequireHashable(bound[0]!));
        if (found is null)
        {
            found = bound.GetOrDefault(1, NoneValue.Instance);
            dict.Set(bound[0]!, found);
        }

        return found;
    }

    private static Value Pop(DictValue dict, BoundArguments bound)
    {
        Value? found = dict.Find(KeyComparer.RequireHashable(bound[0]!)) ?? bound[1];
        dict.Items.Remove(bound[0]!);
        return found ?? throw new EvaluationException("pop: the dict has no such key, and no default is given");
    }

    private static DictValue Copy(RenderContext context, DictValue dict, Arguments arguments)
    {
        arguments.Bind("copy", 0);
        DictValue copy = new(context.Budget);
        Merge(context, copy, new Arguments([dict], []), "copy");
        return copy;
    }

    private static NoneValue Clear(DictValue dict, Arguments arguments)
    {
        arguments.Bind("clear", 0);
        dict.Items.Clear();
        return NoneValue.Instance;
    }
}
