using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Gbnf;

/// <summary>A reference to a rule, which may be defined further down. It is resolved when the automata are built.</summary>
/// <param name="name">Name of the rule.</param>
/// <param name="at">Index of the reference in the grammar's text.</param>
/// <param name="rules">The rules by their names.</param>
internal sealed class GbnfReferenceNode(string name, int at, IReadOnlyDictionary<string, NfaRule> rules) : GrammarNode
{
    public string Name => name;

    public int At => at;

    /// <inheritdoc/>
    public override int AppendTo(Nfa nfa, int from) => new CallNode(rules[name]).AppendTo(nfa, from);
}
