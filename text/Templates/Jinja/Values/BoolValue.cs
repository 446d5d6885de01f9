namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>True or false; there are two objects only.</summary>
internal sealed class BoolValue : Value
{
    public static readonly BoolValue True = new(true);
    public static readonly BoolValue False = new(false);

    private readonly bool value;

    private BoolValue(bool value) => this.value = value;

    public override string TypeName => "bool";

    public override bool IsTrue => value;

    public static BoolValue Of(bool value) => value ? True : False;
}
