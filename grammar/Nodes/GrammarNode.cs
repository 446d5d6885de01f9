using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>A node of a grammar's syntax tree. It can append its automaton to an <see cref="Nfa"/> any number of times. Immutable.</summary>
internal abstract class GrammarNode
{
    /// <summary>Accepts the empty text.</summary>
    public static GrammarNode Empty { get; } = new SequenceNode([]);

    /// <summary>Accepts nothing.</summary>
    public static GrammarNode Nothing { get; } = new ChoiceNode([]);

    /// <summary>Appends this node's automaton to a state.</summary>
    /// <param name="nfa">The automaton to extend.</param>
    /// <param name="from">The state before this node.</param>
    /// <returns>The state after this node.</returns>
    public abstract int AppendTo(Nfa nfa, int from);

    /// <summary>Returns a node that accepts this node or the empty text.</summary>
    public GrammarNode Optional() => new RepeatNode(this, 0, 1);
}
