using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>One of several; none of none.</summary>
internal sealed class ChoiceNode(IReadOnlyList<Node> alternatives) : Node
{
    /// <inheritdoc/>
    public override int Write(Nfa nfa, int from)
    {
        int to = nfa.Add();
        foreach (Node alternative in alternatives)
        {
            int start = nfa.Add();
            nfa.Skip(from, start);
            nfa.Skip(alternative.Write(nfa, start), to);
        }

        return to;
    }
}
