using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>One part after the other.</summary>
internal sealed class SequenceNode(IReadOnlyList<Node> parts) : Node
{
    /// <inheritdoc/>
    public override int Write(Nfa nfa, int from)
    {
        foreach (Node part in parts)
        {
            from = part.Write(nfa, from);
        }

        return from;
    }
}
