using System.Numerics;
using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Compiles the number keywords of a schema. Bounds are exact to the last digit. Numbers with a bound or a divisor have no exponent.
/// </summary>
internal sealed class NumberSchemaCompiler(GrammarContext context, JsonGrammar json)
{
    /// <summary>Maximum divisor in units of its last decimal place. Each unit takes a state.</summary>
    private const int MaxDivisor = 5_000;

    /// <summary>Maximum number of decimal places of a divisor.</summary>
    private const int MaxPlaces = 12;

    /// <summary>
    /// Maximum divisor of numbers that are limited beside it. The states of both multiply, so numbers with a larger one have as many
    /// digits as the schema allows.
    /// </summary>
    private const int MaxLimitedDivisor = 200;

    private readonly Dictionary<(NumberBound?, NumberBound?, (int, int)?, bool), CallNode> _rules = [];

    /// <summary>Returns a node that accepts the numbers which the schema allows.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="integer">True if fractions are not allowed.</param>
    public GrammarNode Compile(SchemaReader schema, bool integer)
    {
        NumberBound? low = TighterBound(schema, "minimum", "exclusiveMinimum", above: true);
        NumberBound? high = TighterBound(schema, "maximum", "exclusiveMaximum", above: false);
        (int Units, int Places)? divisor = ReadDivisor(schema, integer);
        if (low is null && high is null && divisor is null)
        {
            return integer ? json.Integer : json.Number;
        }

        if (integer)
        {
            (low, high) = (low is { } l ? RoundToInteger(l, above: true) : null, high is { } h ? RoundToInteger(h, above: false) : null);
        }

        if (json.Limits is { } limits && (divisor?.Units ?? 0) <= MaxLimitedDivisor && (integer || divisor is not null))
        {
            (low, high) = Limit(low, high, limits.LargestInteger);
        }

        if (_rules.TryGetValue((low, high, divisor, integer), out CallNode? known))
        {
            return known;
        }

        NumberBound zero = new(default, false);
        List<GrammarNode> signs = [];
        if (high is not { } top || !IsBelow(top, zero))
        {
            signs.Add(Magnitude(low is { } bound && !IsNegative(bound) ? bound : null, high, divisor, integer));
        }

        if (low is not { } least || IsNegative(least))
        {
            NumberBound nearest = high is { } bound && IsBelow(bound, zero) ? bound.Negated() : zero with { Exclusive = true };
            signs.Add(new SequenceNode([new LiteralNode("-"), Magnitude(nearest, low?.Negated(), divisor, integer)]));
        }

        // Make a rule of the number, so that the automata of the objects around it stay small.
        var rule = new NfaRule(context, "number");
        rule.SetBody(new ChoiceNode(signs));
        CallNode call = new(rule);
        _rules.Add((low, high, divisor, integer), call);
        return call;
    }

    private GrammarNode Magnitude(NumberBound? low, NumberBound? high, (int Units, int Places)? divisor, bool integer)
    {
        List<GrammarNode> parts = [];
        if (low is { } least && (least.Exclusive || !least.Value.Units.IsZero))
        {
            parts.Add(new BoundedDigitsNode(least, above: true, integer, json.Limits));
        }

        if (high is { } most)
        {
            parts.Add(new BoundedDigitsNode(most, above: false, integer, json.Limits));
        }

        if (divisor is { } by)
        {
            parts.Add(new MultipleOfNode(by.Units, by.Places));
        }

        if (parts.Count == 0)
        {
            parts.Add(new BoundedDigitsNode(new NumberBound(default, false), above: true, integer, json.Limits));
        }

        return parts.Count == 1 ? parts[0] : new IntersectionNode(context, [.. parts.Select(part => NfaRule.CreateStandalone(context, part))]);
    }

    /// <summary>Adds the bounds that are missing, unless the other bound lies beyond them.</summary>
    private static (NumberBound? Low, NumberBound? High) Limit(NumberBound? low, NumberBound? high, ExactDecimal largest)
    {
        NumberBound most = new(largest, false), least = most.Negated();
        return (
            low ?? (high is { } top && top.Value.CompareTo(least.Value) < 0 ? null : least),
            high ?? (low is { } bottom && bottom.Value.CompareTo(most.Value) > 0 ? null : most));
    }

    private static NumberBound? TighterBound(SchemaReader schema, string inclusive, string exclusive, bool above)
    {
        NumberBound? first = schema.GetNumber(inclusive) is { } value ? new NumberBound(value, false) : null;
        NumberBound? second = schema.GetNumber(exclusive) is { } other ? new NumberBound(other, true) : null;
        if (first is not { } a || second is not { } b)
        {
            return first ?? second;
        }

        int order = a.Value.CompareTo(b.Value);
        return order == 0 ? b : order > 0 == above ? a : b;
    }

    /// <summary>Rounds a bound of integers to an inclusive bound that is an integer itself.</summary>
    private static NumberBound RoundToInteger(NumberBound bound, bool above)
    {
        BigInteger one = BigInteger.Pow(10, bound.Value.Places);
        BigInteger floor = BigInteger.Divide(bound.Value.Units - Modulo(bound.Value.Units, one), one);
        bool exact = bound.Value.Places == 0;
        BigInteger whole = above ? floor + (exact && !bound.Exclusive ? 0 : 1) : floor - (exact && bound.Exclusive ? 1 : 0);
        return new NumberBound(new ExactDecimal(whole, 0), false);
    }

    private static BigInteger Modulo(BigInteger value, BigInteger by)
    {
        BigInteger remainder = value % by;
        return remainder.Sign < 0 ? remainder + by : remainder;
    }

    private static (int Units, int Places)? ReadDivisor(SchemaReader schema, bool integer)
    {
        if (schema.GetNumber("multipleOf") is not { } divisor)
        {
            return null;
        }

        if (divisor.Units.Sign <= 0 || divisor.Units > MaxDivisor || divisor.Places > MaxPlaces)
        {
            throw schema.Error("multipleOf", $"is not supported; allowed: 1 to {MaxDivisor}, in units of the last of at most {MaxPlaces} places");
        }

        (int units, int places) = ((int)divisor.Units, divisor.Places);
        if (!integer || places == 0)
        {
            return (units, places);
        }

        // An integer is a multiple of u / 10^p exactly if it is a multiple of u / gcd(u, 10^p).
        return ((int)(units / BigInteger.GreatestCommonDivisor(units, BigInteger.Pow(10, places))), 0);
    }

    private static bool IsNegative(NumberBound bound) => bound.Value.Units.Sign < 0;

    private static bool IsBelow(NumberBound bound, NumberBound zero)
        => bound.Value.CompareTo(zero.Value) is int order && (order < 0 || (order == 0 && bound.Exclusive));
}
