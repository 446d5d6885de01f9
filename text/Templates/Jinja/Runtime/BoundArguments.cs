using System.Numerics;
using HunyuanOrleans.Text.Templates.Jinja.Text;
using HunyuanOrleans.Text.Templates.Jinja.Values;

namespace HunyuanOrleans.Text.Templates.Jinja.Runtime;

/// <summary>Arguments in the order of the parameters, read with their type checked.</summary>
internal readonly struct BoundArguments(string owner, Value?[] values)
{
    public Value? this[int index] => values[index];

    public Value Or(int index, Value fallback) => values[index] ?? fallback;

    public bool Flag(int index, bool fallback = false) => values[index]?.IsTrue ?? fallback;

    /// <summary>Null where the argument is not given or none.</summary>
    public TracedText? Text(int index) => values[index] switch
    {
        null or NoneValue => null,
        StringValue text => text.Traced,
        UndefinedValue undefined => throw new EvaluationError(undefined.Why),
        { } other => throw new EvaluationError($"{owner} needs a string, not {other.TypeName}, as argument {index + 1}"),
    };

    /// <summary>Null where the argument is not given or none. Values past the range of int are cut to it.</summary>
    public int? Int(int index) => values[index] switch
    {
        null or NoneValue => null,
        UndefinedValue undefined => throw new EvaluationError(undefined.Why),
        { } value when Numbers.TryInt(value, out BigInteger number) => (int)BigInteger.Clamp(number, int.MinValue, int.MaxValue),
        { } other => throw new EvaluationError($"{owner} needs an integer, not {other.TypeName}, as argument {index + 1}"),
    };
}
