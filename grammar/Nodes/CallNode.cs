using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>What a rule accepts.</summary>
internal sealed class CallNode(Rule rule) : Node
{
    /// <inheritdoc/>
    public override int Write(Nfa nfa, int from)
    {
        int to = nfa.Add();
        nfa.Call(from, rule, to);
        return to;
    }
}
