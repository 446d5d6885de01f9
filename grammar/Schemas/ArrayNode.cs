using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>An array: its first items each of a kind of their own, then any number of one kind.</summary>
/// <param name="first">The first items.</param>
/// <param name="rest">The kind of the others; null where there are none.</param>
/// <param name="min">Fewest items.</param>
/// <param name="max">Most items; null for any number.</param>
/// <param name="further">A comma and an item of the others, where that is a rule of its own; null to write it out.</param>
internal sealed class ArrayNode(IReadOnlyList<Node> first, Node? rest, int min, int? max, Node? further) : Node
{
    /// <inheritdoc/>
    public override int Write(Nfa nfa, int from)
    {
        int end = nfa.Add(), behind = nfa.Add();
        int close = JsonGrammar.Space.Write(nfa, behind);
        nfa.Read(close, (byte)']', (byte)']', end);

        int at = JsonGrammar.Space.Write(nfa, nfa.Read(from, (byte)'[', (byte)'['));
        if (min == 0)
        {
            nfa.Read(at, (byte)']', (byte)']', end);
        }

        Node follow = further ?? Separated(rest ?? Nothing);
        int counted = max ?? Math.Max(Math.Max(min, first.Count), 1);
        for (int i = 0; i < counted && (i < first.Count || rest is not null); i++)
        {
            Node item = i < first.Count ? first[i] : rest!;
            at = i == 0 ? item.Write(nfa, at) : i < first.Count ? Separated(item).Write(nfa, at) : follow.Write(nfa, at);
            if (i + 1 >= min)
            {
                nfa.Skip(at, behind);
            }
        }

        if (max is null && rest is not null)
        {
            nfa.Skip(follow.Write(nfa, at), at);
        }

        return end;
    }

    /// <summary>A comma and an item.</summary>
    public static Node Separated(Node item) => new SequenceNode([new BytesNode(","), JsonGrammar.Space, item]);
}
