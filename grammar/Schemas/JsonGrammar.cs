using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// The grammar of JSON without a schema. Its rules are created on first use and shared within one constraint. White space is bounded
/// everywhere, so that no answer can continue with white space forever.
/// </summary>
/// <param name="context">The constraint's ids and limits.</param>
/// <param name="limits">The limits of numbers; null for none.</param>
internal sealed class JsonGrammar(GrammarContext context, NumberLimits? limits)
{
    /// <summary>Maximum indentation of a line, in spaces and in tabs.</summary>
    private const int MaxSpaces = 32, MaxTabs = 8;

    private readonly Dictionary<(int, int?), GrammarNode> _strings = [];
    private NfaRule? _character;
    private NfaRule? _value;
    private NfaRule? _object;
    private NfaRule? _array;
    private JsonGrammar? _anyNumbers;
    private GrammarNode? _sharedWhiteSpace;
    private GrammarNode? _stringTail;
    private GrammarNode? _number;
    private GrammarNode? _integer;

    /// <summary>Accepts nothing, one space, or a line break with indentation.</summary>
    public static GrammarNode WhiteSpace { get; } = new ChoiceNode(
    [
        GrammarNode.Empty,
        new LiteralNode(" "),
        new SequenceNode(
        [
            new LiteralNode("\n"),
            new ChoiceNode([new RepeatNode(new LiteralNode(" "), 0, MaxSpaces), new RepeatNode(new LiteralNode("\t"), 1, MaxTabs)]),
        ]),
    ]);

    /// <summary>Accepts a colon and an optional space.</summary>
    public static GrammarNode Colon { get; } = new SequenceNode([new LiteralNode(":"), new LiteralNode(" ").Optional()]);

    /// <summary>The limits of numbers; null for none.</summary>
    public NumberLimits? Limits => limits;

    /// <summary>The same grammar without limits of numbers.</summary>
    public JsonGrammar AnyNumbers => limits is null ? this : _anyNumbers ??= new JsonGrammar(context, null);

    /// <summary>Accepts what <see cref="WhiteSpace"/> does, by a rule of its own.</summary>
    public GrammarNode SharedWhiteSpace => _sharedWhiteSpace ??= MakeRule("white space", WhiteSpace);

    /// <summary>Accepts any value.</summary>
    public GrammarNode Value => new CallNode(_value ?? MakeValue());

    /// <summary>Accepts any object.</summary>
    public GrammarNode Object => new CallNode(_object ?? MakeObject());

    /// <summary>Accepts any array.</summary>
    public GrammarNode Array => new CallNode(_array ?? MakeArray());

    /// <summary>Accepts any number within the limits.</summary>
    public GrammarNode Number => _number ??= MakeRule("number", new SequenceNode([Minus, Whole, Fraction, Exponent]));

    /// <summary>Accepts any integer within the limits.</summary>
    public GrammarNode Integer => _integer ??= MakeRule("integer", new SequenceNode(
        [Minus, limits is null ? Whole : new BoundedDigitsNode(new NumberBound(limits.LargestInteger, false), above: false, integer: true, limits)]));

    /// <summary>Accepts the rest of a string, including its closing quote.</summary>
    public GrammarNode StringTail
        => _stringTail ??= new CallNode(new CountedRule(context, "string", Character, 0, null, close: (byte)'"'));

    /// <summary>The rule for one character of a string in any spelling.</summary>
    public NfaRule Character => _character ??= NfaRule.CreateStandalone(context, JsonStringCharacter.Any);

    private static GrammarNode Digit => Bytes('0', '9');

    private static GrammarNode Minus => new LiteralNode("-").Optional();

    private GrammarNode Whole
        => new ChoiceNode([new LiteralNode("0"), new SequenceNode([Bytes('1', '9'), new RepeatNode(Digit, 0, limits?.WholeDigits - 1)])]);

    private GrammarNode Fraction => new SequenceNode([new LiteralNode("."), new RepeatNode(Digit, 1, limits?.FractionDigits)]).Optional();

    private GrammarNode Exponent => new SequenceNode(
        [
            new ChoiceNode([new LiteralNode("e"), new LiteralNode("E")]),
            new ChoiceNode([GrammarNode.Empty, new LiteralNode("+"), new LiteralNode("-")]),
            new RepeatNode(Digit, 1, limits?.ExponentDigits),
        ]).Optional();

    /// <summary>Returns a node that accepts strings with a bounded number of characters.</summary>
    /// <param name="min">Minimum number of characters.</param>
    /// <param name="max">Maximum number of characters; null for no limit.</param>
    public GrammarNode String(int min = 0, int? max = null)
    {
        if (!_strings.TryGetValue((min, max), out GrammarNode? node))
        {
            node = new CallNode(new CountedRule(context, "string", Character, min, max, (byte)'"', (byte)'"'));
            _strings.Add((min, max), node);
        }

        return node;
    }

    private NfaRule MakeValue()
    {
        _value = new NfaRule(context, "value");
        _value.SetBody(new ChoiceNode(
            [Object, Array, String(), Number, new LiteralNode("true"), new LiteralNode("false"), new LiteralNode("null")]));
        return _value;
    }

    private NfaRule MakeObject()
    {
        _object = new NfaRule(context, "object");
        _object.SetBody(new ObjectNode([], new AdditionalProperties(String(), Value), WhiteSpace));
        return _object;
    }

    private NfaRule MakeArray()
    {
        _array = new NfaRule(context, "array");
        _array.SetBody(new ArrayNode([], Value, 0, null, null));
        return _array;
    }

    private CallNode MakeRule(string name, GrammarNode body)
    {
        var rule = new NfaRule(context, name);
        rule.SetBody(body);
        return new CallNode(rule);
    }

    private static ByteRangesNode Bytes(char low, char high) => new([[((byte)low, (byte)high)]]);
}
