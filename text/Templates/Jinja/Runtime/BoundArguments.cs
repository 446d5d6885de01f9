using System.Numerics;
using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Runtime;

/// <summary>Arguments in the order of the parameters. Reading one checks its type.</summary>
internal readonly struct BoundArguments(string owner, Value?[] values)
{
    public Value? this[int index] => values[index];

    public Value GetOrDefault(int index, Value fallback) => values[index] ?? fallback;

    public bool Bool(int index, bool fallback = false) => values[index]?.IsTrue ?? fallback;

    /// <summary>A string argument; null if it is missing or none.</summary>
    public OriginText? Text(int index) => values[index] switch
    {
        null or NoneValue => null,
        StringValue text => text.OriginText,
        UndefinedValue undefined => throw new EvaluationException(undefined.Reason),
        { } other => throw new EvaluationException($"{owner} needs a string, not {other.TypeName}, as argument {index + 1}"),
    };

    /// <summary>An integer argument, clamped to the range of int; null if it is missing or none.</summary>
    public int? Int(int index) => values[index] switch
    {
        null or NoneValue => null,
        UndefinedValue undefined => throw new EvaluationException(undefined.Reason),
        { } value when Numbers.TryInt(value, out BigInteger number) => (int)BigInteger.Clamp(number, int.MinValue, int.MaxValue),
        { } other => throw new EvaluationException($"{owner} needs an integer, not {other.TypeName}, as argument {index + 1}"),
    };
}
