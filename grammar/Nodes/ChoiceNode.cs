using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>Accepts any one of several alternatives, or nothing if there are none.</summary>
internal sealed class ChoiceNode(IReadOnlyList<GrammarNode> alternatives) : GrammarNode
{
    /// <inheritdoc/>
    public override int AppendTo(Nfa nfa, int from)
    {
        int to = nfa.AddState();
        foreach (GrammarNode alternative in alternatives)
        {
            int start = nfa.AddState();
            nfa.AddEpsilon(from, start);
            nfa.AddEpsilon(alternative.AppendTo(nfa, start), to);
        }

        return to;
    }
}
