using HunyuanOrleans.Text.Templates.Jinja.Runtime;

namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>A value that a template can call: a function, a bound method or a macro.</summary>
internal sealed class CallableValue(string name, Func<Arguments, Value> body) : Value
{
    public string Name => name;

    public override string TypeName => "function";

    public Value Invoke(Arguments arguments) => body(arguments);
}
