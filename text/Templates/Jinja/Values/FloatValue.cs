namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>A float. It remembers whether it stems from the request.</summary>
internal sealed class FloatValue(double value, bool fromTemplate = true) : Value
{
    public double Number => value;

    public bool FromTemplate => fromTemplate;

    public override string TypeName => "float";

    public override bool IsTrue => value != 0;
}
