namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>Python's None, which is JSON's null.</summary>
internal sealed class NoneValue : Value
{
    public static readonly NoneValue Instance = new();

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;
}
