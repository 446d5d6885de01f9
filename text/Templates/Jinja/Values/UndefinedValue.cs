namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>What a missing name, key or attribute gives: renders as nothing, is false, and fails when it is used further.</summary>
internal sealed class UndefinedValue(string why) : Value
{
    public string Why => why;

    public override string TypeName => "Undefined";

    public override bool IsTrue => false;

    public static UndefinedValue Name(string name) => new($"'{name}' is undefined");

    public static UndefinedValue Member(Value owner, string member) => new($"'{owner.TypeName} object' has no attribute or item {member}");
}
