using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>The same again and again, written out as often as it is counted.</summary>
/// <param name="body">What is repeated.</param>
/// <param name="min">Fewest times.</param>
/// <param name="max">Most times; null for any number.</param>
internal sealed class RepeatNode(Node body, int min, int? max) : Node
{
    /// <inheritdoc/>
    public override int Write(Nfa nfa, int from)
    {
        // Each turn takes a state of its own, so that repeats of nothing are bounded like all others.
        int at = Next(nfa, from);
        for (int i = 0; i < min; i++)
        {
            at = Next(nfa, body.Write(nfa, at));
        }

        if (max is null)
        {
            nfa.Skip(body.Write(nfa, at), at);
            return at;
        }

        int end = nfa.Add();
        nfa.Skip(at, end);
        for (int i = min; i < max; i++)
        {
            at = Next(nfa, body.Write(nfa, at));
            nfa.Skip(at, end);
        }

        return end;
    }

    private static int Next(Nfa nfa, int from)
    {
        int to = nfa.Add();
        nfa.Skip(from, to);
        return to;
    }
}
