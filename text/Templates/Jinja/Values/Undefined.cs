namespace HunyuanOrleans.Text.Templates.Jinja.Values;

/// <summary>
/// The one rule of undefined values: they may be printed and tested, anything else is an error that says what is missing.
/// </summary>
internal static class Undefined
{
    public static void Reject(Value value)
    {
        if (value is UndefinedValue undefined)
        {
            throw new EvaluationError(undefined.Why);
        }
    }
}
