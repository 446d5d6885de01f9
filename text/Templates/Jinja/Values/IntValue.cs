using System.Numerics;

namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>An integer of any size. Like every number it remembers whether it stems from the request, so that its digits do.</summary>
internal sealed class IntValue(BigInteger value, bool fromTemplate = true) : Value
{
    public BigInteger Number => value;

    public bool FromTemplate => fromTemplate;

    public override string TypeName => "int";

    public override bool IsTrue => !value.IsZero;
}
