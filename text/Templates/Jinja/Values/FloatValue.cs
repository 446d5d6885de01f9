namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>A floating-point number that records whether it comes from the template or the request.</summary>
internal sealed class FloatValue(double value, bool fromTemplate = true) : Value
{
    public double Number => value;

    public bool FromTemplate => fromTemplate;

    public override string TypeName => "float";

    public override bool IsTrue => value != 0;
}
