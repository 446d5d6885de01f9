using HunyuanOrleans.Text.Templates.Jinja.Runtime;

namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>The variable <c>loop</c> inside a for statement.</summary>
internal sealed class LoopValue(RenderBudget budget, List<Value> items, int depth, Func<Arguments, Value>? recurse) : Value
{
    private Value? _lastSeen;

    public int Index { get; set; }

    public override string TypeName => "loop";

    public Value? Attribute(string name) => name switch
    {
        "index" => new IntValue(Index + 1),
        "index0" => new IntValue(Index),
        "revindex" => new IntValue(items.Count - Index),
        "revindex0" => new IntValue(items.Count - Index - 1),
        "first" => BoolValue.Of(Index == 0),
        "last" => BoolValue.Of(Index == items.Count - 1),
        "length" => new IntValue(items.Count),
        "depth" => new IntValue(depth + 1),
        "depth0" => new IntValue(depth),
        "previtem" => Index > 0 ? items[Index - 1] : new UndefinedValue("there is no previous item"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new UndefinedValue("there is no next item"),
        "cycle" => new CallableValue("cycle", Cycle),
        "changed" => new CallableValue("changed", Changed),
        _ => null,
    };

    public Value Recurse(Arguments arguments) =>
        recurse is null ? throw new EvaluationException("the loop is not declared 'recursive', so it cannot be called") : recurse(arguments);

    private Value Cycle(Arguments arguments) => arguments.Positional.Count == 0
        ? throw new EvaluationException("loop.cycle needs at least one argument")
        : arguments.Positional[Index % arguments.Positional.Count];

    private BoolValue Changed(Arguments arguments)
    {
        TupleValue seen = new([.. arguments.Positional]);
        bool changed = _lastSeen is null || !Comparison.AreEqual(budget, _lastSeen, seen);
        _lastSeen = seen;
        return BoolValue.Of(changed);
    }
}
