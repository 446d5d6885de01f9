namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>The result of reading a missing name, key or attribute. It renders as nothing and is false; any other use is an error.</summary>
internal sealed class UndefinedValue(string reason) : Value
{
    public string Reason => reason;

    public override string TypeName => "Undefined";

    public override bool IsTrue => false;

    /// <summary>Rejects undefined values in operations that need a value.</summary>
    /// <exception cref="EvaluationException">The value is undefined; the message says what is missing.</exception>
    public static void ThrowIfUndefined(Value value)
    {
        if (value is UndefinedValue undefined)
        {
            throw new EvaluationException(undefined.Reason);
        }
    }

    public static UndefinedValue Name(string name) => new($"'{name}' is undefined");

    public static UndefinedValue Member(Value owner, string member) => new($"'{owner.TypeName} object' has no attribute or item {member}");
}
