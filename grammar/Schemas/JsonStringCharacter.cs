using HunyuanOrleans.Grammar.Nodes;
using HunyuanOrleans.Grammar.Patterns;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>The grammar of one character of a JSON string in every spelling that JSON allows, except for unpaired surrogates.</summary>
internal static class JsonStringCharacter
{
    private static readonly (char, char)[] Hex = [('0', '9'), ('A', 'F'), ('a', 'f')];

    /// <summary>Accepts any one character.</summary>
    public static GrammarNode Any { get; } = new ChoiceNode(
    [
        Utf8CharacterEncoding.Instance.Encode(new CodePointSet((0, 0x1F), ('"', '"'), ('\\', '\\')).Complement()),
        new SequenceNode([new LiteralNode("\\"), OneOf([.. "\"\\/bfnrt".Select(static c => (c, c))])]),
        new SequenceNode([new LiteralNode("\\u"), new ChoiceNode([CodeUnit(), SurrogatePair()])]),
    ]);

    /// <summary>Accepts any number of characters and the closing quote; calls no rules.</summary>
    public static GrammarNode Tail { get; } = new SequenceNode([new RepeatNode(Any, 0, null), new LiteralNode("\"")]);

    private static ByteRangesNode LetterD => OneOf(('D', 'D'), ('d', 'd'));

    private static ChoiceNode CodeUnit() => new(
    [
        new SequenceNode([OneOf(('0', '9'), ('A', 'C'), ('E', 'F'), ('a', 'c'), ('e', 'f')), OneOf(Hex), OneOf(Hex), OneOf(Hex)]),
        new SequenceNode([LetterD, OneOf(('0', '7')), OneOf(Hex), OneOf(Hex)]),
    ]);

    private static SequenceNode SurrogatePair() => new(
    [
        LetterD, OneOf(('8', '9'), ('A', 'B'), ('a', 'b')), OneOf(Hex), OneOf(Hex),
        new LiteralNode("\\u"), LetterD, OneOf(('C', 'F'), ('c', 'f')), OneOf(Hex), OneOf(Hex),
    ]);

    private static ByteRangesNode OneOf(params (char Low, char High)[] ranges)
        => new([.. ranges.Select(static range => new[] { ((byte)range.Low, (byte)range.High) })]);
}
