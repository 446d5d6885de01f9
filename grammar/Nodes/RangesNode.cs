using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>Several ways to read one byte range after another: what a set of characters is in bytes.</summary>
internal sealed class RangesNode(IReadOnlyList<(byte Low, byte High)[]> ways) : Node
{
    /// <inheritdoc/>
    public override int Write(Nfa nfa, int from)
    {
        int to = nfa.Add();
        foreach ((byte Low, byte High)[] way in ways)
        {
            int at = from;
            foreach ((byte low, byte high) in way[..^1])
            {
                at = nfa.Read(at, low, high);
            }

            nfa.Read(at, way[^1].Low, way[^1].High, to);
        }

        return to;
    }
}
