using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// JSON's own grammar, as parts of one constraint, made when they are first asked for. White space is bounded everywhere, so that no
/// answer can go on in it for ever. It does not know schemas.
/// </summary>
internal sealed class JsonGrammar(AutomatonScope scope)
{
    /// <summary>Deepest indentation of a line, in spaces and in tabs.</summary>
    private const int MaxSpaces = 32, MaxTabs = 8;

    private readonly Dictionary<(int, int?), Node> _strings = [];
    private NfaRule? _character;
    private NfaRule? _value;
    private NfaRule? _object;
    private NfaRule? _array;
    private Node? _stringTail;
    private Node? _number;
    private Node? _integer;

    /// <summary>Nothing, a space, or a new line with its indentation.</summary>
    public static Node Space { get; } = new ChoiceNode(
    [
        Node.Empty,
        new BytesNode(" "),
        new SequenceNode(
            [new BytesNode("\n"), new ChoiceNode([new RepeatNode(new BytesNode(" "), 0, MaxSpaces), new RepeatNode(new BytesNode("\t"), 1, MaxTabs)])]),
    ]);

    /// <summary>A colon, perhaps with a space behind.</summary>
    public static Node Colon { get; } = new SequenceNode([new BytesNode(":"), new BytesNode(" ").Optional()]);

    /// <summary>Any value.</summary>
    public Node Value => new CallNode(_value ?? MakeValue());

    /// <summary>Any object.</summary>
    public Node Object => new CallNode(_object ?? MakeObject());

    /// <summary>Any array.</summary>
    public Node Array => new CallNode(_array ?? MakeArray());

    /// <summary>Any number.</summary>
    public Node Number => _number ??= Rule("number", new SequenceNode([Minus, Whole, Fraction, Exponent]));

    /// <summary>Any integer.</summary>
    public Node Integer => _integer ??= Rule("integer", new SequenceNode([Minus, Whole]));

    /// <summary>The rest of a string, its closing quote included.</summary>
    public Node StringTail
        => _stringTail ??= new CallNode(new CountedRule(scope, "string", Character, 0, null, close: (byte)'"'));

    /// <summary>One character of a string, in any of its spellings.</summary>
    public NfaRule Character => _character ??= NfaRule.Plain(scope, JsonCharacter.Any);

    private static Node Digit => Bytes('0', '9');

    private static Node Minus => new BytesNode("-").Optional();

    private static Node Whole => new ChoiceNode([new BytesNode("0"), new SequenceNode([Bytes('1', '9'), new RepeatNode(Digit, 0, null)])]);

    private static Node Fraction => new SequenceNode([new BytesNode("."), new RepeatNode(Digit, 1, null)]).Optional();

    private static Node Exponent => new SequenceNode(
        [
            new ChoiceNode([new BytesNode("e"), new BytesNode("E")]),
            new ChoiceNode([Node.Empty, new BytesNode("+"), new BytesNode("-")]),
            new RepeatNode(Digit, 1, null),
        ]).Optional();

    /// <summary>A string of so many characters.</summary>
    public Node String(int min = 0, int? max = null)
    {
        if (!_strings.TryGetValue((min, max), out Node? node))
        {
            node = new CallNode(new CountedRule(scope, "string", Character, min, max, (byte)'"', (byte)'"'));
            _strings.Add((min, max), node);
        }

        return node;
    }

    private NfaRule MakeValue()
    {
        _value = new NfaRule(scope, "value");
        new ChoiceNode([Object, Array, String(), Number, new BytesNode("true"), new BytesNode("false"), new BytesNode("null")]).Fill(_value);
        return _value;
    }

    private NfaRule MakeObject()
    {
        _object = new NfaRule(scope, "object");
        new ObjectNode([], new AdditionalProperties(String(), Value)).Fill(_object);
        return _object;
    }

    private NfaRule MakeArray()
    {
        _array = new NfaRule(scope, "array");
        new ArrayNode([], Value, 0, null, null).Fill(_array);
        return _array;
    }

    private Node Rule(string name, Node body)
    {
        var rule = new NfaRule(scope, name);
        body.Fill(rule);
        return new CallNode(rule);
    }

    private static RangesNode Bytes(char low, char high) => new([[((byte)low, (byte)high)]]);
}
