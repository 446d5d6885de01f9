using System.Numerics;
using HunyuanOrleans.Model.Templates.Jinja.Text;

namespace HunyuanOrleans.Model.Templates.Jinja.Values;

internal sealed class NoneValue : Value
{
    public static readonly NoneValue Instance = new();

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;
}

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

/// <summary>An integer of any size. Like every number it remembers whether it stems from the request, so that its digits do.</summary>
internal sealed class IntValue(BigInteger value, bool fromTemplate = true) : Value
{
    public BigInteger Number => value;

    public bool FromTemplate => fromTemplate;

    public override string TypeName => "int";

    public override bool IsTrue => !value.IsZero;
}

internal sealed class FloatValue(double value, bool fromTemplate = true) : Value
{
    public double Number => value;

    public bool FromTemplate => fromTemplate;

    public override string TypeName => "float";

    public override bool IsTrue => value != 0;
}

internal sealed class StringValue(TracedText text) : Value
{
    public static readonly StringValue Empty = new(TracedText.Empty);

    public TracedText Traced => text;

    public string Text => text.Text;

    public override string TypeName => "str";

    public override bool IsTrue => text.Length > 0;

    public static StringValue FromTemplate(string text) => new(new TracedText(text, fromTemplate: true));

    public static StringValue FromRequest(string text) => new(new TracedText(text, fromTemplate: false));
}

/// <summary>What a missing name, key or attribute gives: renders as nothing, is false, and fails when it is used further.</summary>
internal sealed class UndefinedValue(string why) : Value
{
    public string Why => why;

    public override string TypeName => "Undefined";

    public override bool IsTrue => false;

    public static UndefinedValue Name(string name) => new($"'{name}' is undefined");

    public static UndefinedValue Member(Value owner, string member) => new($"'{owner.TypeName} object' has no attribute or item {member}");
}
