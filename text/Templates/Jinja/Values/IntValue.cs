using System.Numerics;

namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>An integer of any size. It records whether it comes from the template or the request, which becomes the origin of its digits.</summary>
internal sealed class IntValue(BigInteger value, bool fromTemplate = true) : Value
{
    public BigInteger Number => value;

    public bool FromTemplate => fromTemplate;

    public override string TypeName => "int";

    public override bool IsTrue => !value.IsZero;
}
