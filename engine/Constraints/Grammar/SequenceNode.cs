using HunyuanOrleans.Engine.Constraints.Automata;

namespace HunyuanOrleans.Engine.Constraints.Grammar;

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
