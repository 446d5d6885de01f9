using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>Accepts any one of several sequences of byte ranges, such as the encodings of a set of characters.</summary>
/// <param name="sequences">The sequences, none of them empty; bounds are included.</param>
internal sealed class ByteRangesNode(IReadOnlyList<(byte Low, byte High)[]> sequences) : GrammarNode
{
    /// <inheritdoc/>
    public override int AppendTo(Nfa nfa, int from)
    {
        int to = nfa.AddState();
        foreach ((byte Low, byte High)[] sequence in sequences)
        {
            int at = from;
            foreach ((byte low, byte high) in sequence[..^1])
            {
                at = nfa.AddByteRange(at, low, high);
            }

            nfa.AddByteRange(at, sequence[^1].Low, sequence[^1].High, to);
        }

        return to;
    }
}
