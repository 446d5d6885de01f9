using System.Numerics;
using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Numbers and integers of a schema. Where they are bounded they are written without exponent, and bounds are kept exactly, to the
/// last digit.
/// </summary>
internal sealed class NumberGrammar(AutomatonScope scope, JsonGrammar json)
{
    /// <summary>Largest divisor, in units of its last place: each takes a state.</summary>
    private const int MaxDivisor = 5_000;

    /// <summary>Most places of a divisor.</summary>
    private const int MaxPlaces = 12;

    /// <summary>Accepts what a schema allows.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="integer">True where fractions are out.</param>
    public Node Read(SchemaReader schema, bool integer)
    {
        NumberBound? low = Tighter(schema, "minimum", "exclusiveMinimum", above: true);
        NumberBound? high = Tighter(schema, "maximum", "exclusiveMaximum", above: false);
        (int Units, int Places)? divisor = Divisor(schema, integer);
        if (low is null && high is null && divisor is null)
        {
            return integer ? json.Integer : json.Number;
        }

        if (integer)
        {
            (low, high) = (low is { } l ? Whole(l, above: true) : null, high is { } h ? Whole(h, above: false) : null);
        }

        NumberBound zero = new(default, false);
        List<Node> signs = [];
        if (high is not { } top || !Below(top, zero))
        {
            signs.Add(Magnitude(low is { } bound && !Negative(bound) ? bound : null, high, divisor, integer));
        }

        if (low is not { } least || Negative(least))
        {
            NumberBound nearest = high is { } bound && Below(bound, zero) ? bound.Negated() : zero with { Exclusive = true };
            signs.Add(new SequenceNode([new BytesNode("-"), Magnitude(nearest, low?.Negated(), divisor, integer)]));
        }

        // Bounded numbers are rules like plain ones, so that objects around them stay small.
        var rule = new NfaRule(scope, "number");
        new ChoiceNode(signs).Fill(rule);
        return new CallNode(rule);
    }

    private Node Magnitude(NumberBound? low, NumberBound? high, (int Units, int Places)? divisor, bool integer)
    {
        List<Node> parts = [];
        if (low is { } least && (least.Exclusive || !least.Value.Units.IsZero))
        {
            parts.Add(new DigitsNode(least, above: true, integer));
        }

        if (high is { } most)
        {
            parts.Add(new DigitsNode(most, above: false, integer));
        }

        if (divisor is { } by)
        {
            parts.Add(new MultiplesNode(by.Units, by.Places));
        }

        if (parts.Count == 0)
        {
            parts.Add(new DigitsNode(new NumberBound(default, false), above: true, integer));
        }

        return parts.Count == 1 ? parts[0] : new CommonNode(scope, [.. parts.Select(part => NfaRule.Plain(scope, part))]);
    }

    private static NumberBound? Tighter(SchemaReader schema, string inclusive, string exclusive, bool above)
    {
        NumberBound? first = schema.Number(inclusive) is { } value ? new NumberBound(value, false) : null;
        NumberBound? second = schema.Number(exclusive) is { } other ? new NumberBound(other, true) : null;
        if (first is not { } a || second is not { } b)
        {
            return first ?? second;
        }

        int order = a.Value.CompareTo(b.Value);
        return order == 0 ? b : order > 0 == above ? a : b;
    }

    /// <summary>The same bound for integers, itself an integer.</summary>
    private static NumberBound Whole(NumberBound bound, bool above)
    {
        BigInteger one = BigInteger.Pow(10, bound.Value.Places);
        BigInteger floor = BigInteger.Divide(bound.Value.Units - Remainder(bound.Value.Units, one), one);
        bool exact = bound.Value.Places == 0;
        BigInteger whole = above ? floor + (exact && !bound.Exclusive ? 0 : 1) : floor - (exact && bound.Exclusive ? 1 : 0);
        return new NumberBound(new ExactDecimal(whole, 0), false);
    }

    private static BigInteger Remainder(BigInteger value, BigInteger by)
    {
        BigInteger remainder = value % by;
        return remainder.Sign < 0 ? remainder + by : remainder;
    }

    private static (int Units, int Places)? Divisor(SchemaReader schema, bool integer)
    {
        if (schema.Number("multipleOf") is not { } divisor)
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

        // An integer is a multiple of u / 10^p where it is one of u / gcd(u, 10^p).
        return ((int)(units / BigInteger.GreatestCommonDivisor(units, BigInteger.Pow(10, places))), 0);
    }

    private static bool Negative(NumberBound bound) => bound.Value.Units.Sign < 0;

    private static bool Below(NumberBound bound, NumberBound zero)
        => bound.Value.CompareTo(zero.Value) is int order && (order < 0 || (order == 0 && bound.Exclusive));
}
