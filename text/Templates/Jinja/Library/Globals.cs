using System.Numerics;
using HunyuanOrleans.Text.Templates.Jinja.Runtime;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>The global functions: those of Jinja2, and raise_exception and strftime_now of Hugging Face.</summary>
internal static class Globals
{
    public static void Define(RenderContext context, Scope scope)
    {
        Define(scope, "range", arguments => Range(context, arguments));
        Define(scope, "namespace", arguments => Namespace(context, arguments));
        Define(scope, "dict", arguments => Dict(context, arguments));
        Define(scope, "raise_exception", arguments => Raise(context, arguments.Bind("raise_exception", 1, "message")[0]!));
        Define(scope, "strftime_now", arguments => Now(context, arguments));
    }

    private static Value Raise(RenderContext context, Value message) => throw new EvaluationException(context.TextOf(message).Text);

    private static void Define(Scope scope, string name, Func<Arguments, Value> body) => scope.Set(name, new CallableValue(name, body));

    private static ListValue Range(RenderContext context, Arguments arguments)
    {
        BoundArguments bound = arguments.Bind("range", 1, "start", "stop", "step");
        BigInteger first = Integer(bound[0]!);
        BigInteger start = bound[1] is null ? 0 : first;
        BigInteger stop = bound[1] is null ? first : Integer(bound[1]!);
        BigInteger step = bound[2] is null ? 1 : Integer(bound[2]!);
        if (step.IsZero)
        {
            throw new EvaluationException("the step of range cannot be zero");
        }

        BigInteger count = step.Sign > 0
            ? Numbers.FloorDivide(stop - start + step - 1, step)
            : Numbers.FloorDivide(start - stop - step - 1, -step);
        if (count > context.Options.MaxRange)
        {
            throw new EvaluationException($"range makes {count} numbers; at most {context.Options.MaxRange} are allowed (TemplateOptions.MaxRange)");
        }

        bool fromTemplate = arguments.Positional.TrueForAll(Numbers.IsFromTemplate);
        List<Value> items = [];
        for (int i = 0; i < (int)BigInteger.Max(count, 0); i++)
        {
            context.Budget.Step();
            items.Add(new IntValue(start + (i * step), fromTemplate));
        }

        return new ListValue(items);
    }

    private static BigInteger Integer(Value value)
    {
        UndefinedValue.ThrowIfUndefined(value);
        return Numbers.TryInt(value, out BigInteger number)
            ? number
            : throw new EvaluationException($"range needs integers, not {value.TypeName}");
    }

    private static NamespaceValue Namespace(RenderContext context, Arguments arguments)
    {
        DictValue initial = Dict(context, arguments, "namespace");
        NamespaceValue space = new();
        foreach ((Value key, Value value) in initial.Items)
        {
            string name = key is StringValue text ? text.Text : throw new EvaluationException("namespace needs names that are strings");
            space.Attributes[name] = value;
        }

        return space;
    }

    private static DictValue Dict(RenderContext context, Arguments arguments, string owner = "dict")
    {
        DictValue dict = new(context.Budget);
        DictMethods.Merge(context, dict, arguments, owner);
        return dict;
    }

    private static StringValue Now(RenderContext context, Arguments arguments)
    {
        Value format = arguments.Bind("strftime_now", 1, "format")[0]!;
        UndefinedValue.ThrowIfUndefined(format);
        string text = format is StringValue given ? given.Text : throw new EvaluationException($"strftime_now needs a string, not '{format.TypeName}'");
        string now = Strftime.Format(context.Options.TimeProvider.GetLocalNow(), text);
        context.Budget.ChargeChars(now.Length, now.Length);
        return Numbers.IsFromTemplate(format) ? StringValue.FromTemplate(now) : StringValue.FromRequest(now);
    }
}
