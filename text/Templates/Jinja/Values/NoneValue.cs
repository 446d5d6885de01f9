namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>None of Python and null of JSON.</summary>
internal sealed class NoneValue : Value
{
    public static readonly NoneValue Instance = new();

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;
}
