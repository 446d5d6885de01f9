using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>Accepts an array that begins with a tuple of items and continues with items of one kind.</summary>
/// <param name="first">Accept the items of the tuple; not all of them must be present.</param>
/// <param name="rest">Accepts each further item; null if there are none.</param>
/// <param name="min">Minimum number of items.</param>
/// <param name="max">Maximum number of items; null for no limit.</param>
/// <param name="separatedRest">Accepts a comma and a further item; null to build it from <paramref name="rest"/>.</param>
internal sealed class ArrayNode(IReadOnlyList<GrammarNode> first, GrammarNode? rest, int min, int? max, GrammarNode? separatedRest)
    : GrammarNode
{
    /// <inheritdoc/>
    public override int AppendTo(Nfa nfa, int from)
    {
        int end = nfa.AddState(), afterItem = nfa.AddState();
        int close = JsonGrammar.WhiteSpace.AppendTo(nfa, afterItem);
        nfa.AddByteRange(close, (byte)']', (byte)']', end);

        int at = JsonGrammar.WhiteSpace.AppendTo(nfa, nfa.AddByteRange(from, (byte)'[', (byte)'['));
        if (min == 0)
        {
            nfa.AddByteRange(at, (byte)']', (byte)']', end);
        }

        GrammarNode follow = separatedRest ?? Separated(rest ?? Nothing);
        int counted = max ?? Math.Max(Math.Max(min, first.Count), 1);
        for (int i = 0; i < counted && (i < first.Count || rest is not null); i++)
        {
            GrammarNode item = i < first.Count ? first[i] : rest!;
            at = i == 0 ? item.AppendTo(nfa, at) : i < first.Count ? Separated(item).AppendTo(nfa, at) : follow.AppendTo(nfa, at);
            if (i + 1 >= min)
            {
                nfa.AddEpsilon(at, afterItem);
            }
        }

        if (max is null && rest is not null)
        {
            nfa.AddEpsilon(follow.AppendTo(nfa, at), at);
        }

        return end;
    }

    /// <summary>Returns a node that accepts a comma and an item.</summary>
    public static GrammarNode Separated(GrammarNode item) => new SequenceNode([new LiteralNode(","), JsonGrammar.WhiteSpace, item]);
}
