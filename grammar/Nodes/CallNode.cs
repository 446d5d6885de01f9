using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>Accepts what a rule accepts, by calling it.</summary>
internal sealed class CallNode(Rule rule) : GrammarNode
{
    /// <inheritdoc/>
    public override int AppendTo(Nfa nfa, int from)
    {
        int to = nfa.AddState();
        nfa.AddCall(from, rule, to);
        return to;
    }
}
