using HunyuanOrleans.Engine.Constraints.Automata;

namespace HunyuanOrleans.Engine.Constraints.Grammar;

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
