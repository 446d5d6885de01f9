using HunyuanOrleans.Text.Templates.Jinja.Runtime;
using HunyuanOrleans.Text.Templates.Jinja.Syntax;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Library;

/// <summary>The tests of Jinja2, which follow <c>is</c>.</summary>
internal static class Tests
{
    private delegate bool Test(RenderContext context, Value value, Arguments arguments);

    private static readonly Dictionary<string, Test> Table = new()
    {
        ["defined"] = Simple("defined", static v => v is not UndefinedValue),
        ["undefined"] = Simple("undefined", static v => v is UndefinedValue),
        ["none"] = Simple("none", static v => v is NoneValue),
        ["boolean"] = Simple("boolean", static v => v is BoolValue),
        ["true"] = Simple("true", static v => ReferenceEquals(v, BoolValue.True)),
        ["false"] = Simple("false", static v => ReferenceEquals(v, BoolValue.False)),
        ["integer"] = Simple("integer", static v => v is IntValue),
        ["float"] = Simple("float", static v => v is FloatValue),
        ["number"] = Simple("number", Numbers.IsNumeric),
        ["string"] = Simple("string", static v => v is StringValue),
        ["mapping"] = Simple("mapping", static v => v is DictValue),
        ["iterable"] = Simple("iterable", static v => v is SequenceValue or DictValue or StringValue or UndefinedValue),
        ["sequence"] = Simple("sequence", static v => v is SequenceValue or DictValue or StringValue or UndefinedValue),
        ["callable"] = Simple("callable", static v => v is CallableValue),
        ["odd"] = static (c, v, a) => Remainder(c, v, 2, 1, a, "odd"),
        ["even"] = static (c, v, a) => Remainder(c, v, 2, 0, a, "even"),
        ["divisibleby"] = static (c, v, a) => Remainder(c, v, a.Bind("divisibleby", 1, "num")[0]!, 0),
        ["lower"] = static (c, v, a) => Cased(c, v, a, "lower", char.IsLower, char.IsUpper),
        ["upper"] = static (c, v, a) => Cased(c, v, a, "upper", char.IsUpper, char.IsLower),
        ["sameas"] = static (_, v, a) => IsSame(v, a.Bind("sameas", 1, "other")[0]!),
        ["filter"] = static (_, v, a) => NameOf(v, a, "filter") is { } name && Filters.Exists(name),
        ["test"] = static (_, v, a) => NameOf(v, a, "test") is { } name && Table!.ContainsKey(name),
        ["in"] = static (c, v, a) => Arithmetic.Compare(c, CompareOp.In, v, a.Bind("in", 1, "seq")[0]!),
        ["eq"] = Compare(CompareOp.Equal),
        ["equalto"] = Compare(CompareOp.Equal),
        ["=="] = Compare(CompareOp.Equal),
        ["ne"] = Compare(CompareOp.NotEqual),
        ["!="] = Compare(CompareOp.NotEqual),
        ["lt"] = Compare(CompareOp.Less),
        ["lessthan"] = Compare(CompareOp.Less),
        ["<"] = Compare(CompareOp.Less),
        ["le"] = Compare(CompareOp.LessOrEqual),
        ["<="] = Compare(CompareOp.LessOrEqual),
        ["gt"] = Compare(CompareOp.Greater),
        ["greaterthan"] = Compare(CompareOp.Greater),
        [">"] = Compare(CompareOp.Greater),
        ["ge"] = Compare(CompareOp.GreaterOrEqual),
        [">="] = Compare(CompareOp.GreaterOrEqual),
    };

    public static bool Apply(RenderContext context, string name, Value value, Arguments arguments)
    {
        context.Budget.ChargeSearch(value is StringValue text ? text.Text.Length : 0, 0);
        return Table.TryGetValue(name, out Test? test)
            ? test(context, value, arguments)
            : throw new EvaluationException($"unknown test '{name}'; known are {string.Join(", ", Table.Keys.Order(StringComparer.Ordinal))}");
    }

    private static Test Simple(string name, Func<Value, bool> holds) => (_, value, arguments) =>
    {
        arguments.Bind(name, 0);
        return holds(value);
    };

    private static Test Compare(CompareOp op) => (context, value, arguments) =>
        Arithmetic.Compare(context, op, value, arguments.Bind("a comparison", 1, "other")[0]!);

    private static bool Remainder(RenderContext context, Value value, int divisor, int wanted, Arguments arguments, string name)
    {
        arguments.Bind(name, 0);
        return Remainder(context, value, new IntValue(divisor), wanted);
    }

    private static bool Remainder(RenderContext context, Value value, Value divisor, int wanted) =>
        Comparison.AreEqual(context.Budget, Arithmetic.Apply(context, BinaryOp.Modulo, value, divisor), new IntValue(wanted));

    private static bool Cased(RenderContext context, Value value, Arguments arguments, string name, Func<char, bool> needed, Func<char, bool> forbidden)
    {
        arguments.Bind(name, 0);
        string text = context.TextOf(value).Text;
        return text.Any(needed) && !text.Any(forbidden);
    }

    private static bool IsSame(Value value, Value other) => ReferenceEquals(value, other);

    private static string? NameOf(Value value, Arguments arguments, string test)
    {
        arguments.Bind(test, 0);
        return value is StringValue text ? text.Text : null;
    }
}
