using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>A part of a grammar that can write itself into an <see cref="Nfa"/>. Immutable; may be written more than once.</summary>
internal abstract class Node
{
    /// <summary>Accepts the empty text.</summary>
    public static Node Empty { get; } = new SequenceNode([]);

    /// <summary>Accepts nothing.</summary>
    public static Node Nothing { get; } = new ChoiceNode([]);

    /// <summary>Writes itself behind a state.</summary>
    /// <returns>The state behind it.</returns>
    public abstract int Write(Nfa nfa, int from);

    /// <summary>Makes this the whole of a rule.</summary>
    public void Fill(NfaRule rule) => rule.Nfa.Skip(Write(rule.Nfa, rule.Nfa.Start), rule.Nfa.End);

    /// <summary>Repeated: 0 or 1 times.</summary>
    public Node Optional() => new RepeatNode(this, 0, 1);
}
