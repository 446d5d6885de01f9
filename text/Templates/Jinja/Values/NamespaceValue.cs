namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>The object of namespace(): attributes that survive loops.</summary>
internal sealed class NamespaceValue : Value
{
    public Dictionary<string, Value> Attributes { get; } = [];

    public override string TypeName => "namespace";
}
