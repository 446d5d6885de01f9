using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>Accepts a number of repeats of a node. The node is appended once for each counted repeat.</summary>
/// <param name="body">The node to repeat.</param>
/// <param name="min">Minimum number of repeats.</param>
/// <param name="max">Maximum number of repeats; null for no limit.</param>
internal sealed class RepeatNode(GrammarNode body, int min, int? max) : GrammarNode
{
    /// <inheritdoc/>
    public override int AppendTo(Nfa nfa, int from)
    {
        // Each repeat adds a state, so that the limit on states also bounds repeats of the empty text.
        int at = AddBoundary(nfa, from);
        for (int i = 0; i < min; i++)
        {
            at = AddBoundary(nfa, body.AppendTo(nfa, at));
        }

        if (max is null)
        {
            nfa.AddEpsilon(body.AppendTo(nfa, at), at);
            return at;
        }

        int end = nfa.AddState();
        nfa.AddEpsilon(at, end);
        for (int i = min; i < max; i++)
        {
            at = AddBoundary(nfa, body.AppendTo(nfa, at));
            nfa.AddEpsilon(at, end);
        }

        return end;
    }

    private static int AddBoundary(Nfa nfa, int from)
    {
        int to = nfa.AddState();
        nfa.AddEpsilon(from, to);
        return to;
    }
}
