using HunyuanOrleans.Grammar.Nodes;
using HunyuanOrleans.Grammar.Patterns;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>One character of a JSON string in every spelling that JSON allows, halves of surrogate pairs excepted.</summary>
internal static class JsonCharacter
{
    private static readonly (char, char)[] Hex = [('0', '9'), ('A', 'F'), ('a', 'f')];

    /// <summary>Accepts one character.</summary>
    public static Node Any { get; } = new ChoiceNode(
    [
        PlainCode.Instance.Encode(new CodePoints((0, 0x1F), ('"', '"'), ('\\', '\\')).Complement()),
        new SequenceNode([new BytesNode("\\"), OneOf([.. "\"\\/bfnrt".Select(static c => (c, c))])]),
        new SequenceNode([new BytesNode("\\u"), new ChoiceNode([Unit(), Pair()])]),
    ]);

    private static RangesNode D => OneOf(('D', 'D'), ('d', 'd'));

    private static ChoiceNode Unit() => new(
    [
        new SequenceNode([OneOf(('0', '9'), ('A', 'C'), ('E', 'F'), ('a', 'c'), ('e', 'f')), OneOf(Hex), OneOf(Hex), OneOf(Hex)]),
        new SequenceNode([D, OneOf(('0', '7')), OneOf(Hex), OneOf(Hex)]),
    ]);

    private static SequenceNode Pair() => new(
    [
        D, OneOf(('8', '9'), ('A', 'B'), ('a', 'b')), OneOf(Hex), OneOf(Hex),
        new BytesNode("\\u"), D, OneOf(('C', 'F'), ('c', 'f')), OneOf(Hex), OneOf(Hex),
    ]);

    private static RangesNode OneOf(params (char Low, char High)[] ranges)
        => new([.. ranges.Select(static range => new[] { ((byte)range.Low, (byte)range.High) })]);
}
