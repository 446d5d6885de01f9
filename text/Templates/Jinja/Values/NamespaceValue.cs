namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>The object that namespace() returns. Unlike variables, attributes that a loop body sets on it keep their value after the loop.</summary>
internal sealed class NamespaceValue : Value
{
    public Dictionary<string, Value> Attributes { get; } = [];

    public override string TypeName => "namespace";
}
