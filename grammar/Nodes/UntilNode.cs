using System.Text;
using HunyuanOrleans.Grammar.Automata;

namespace HunyuanOrleans.Grammar.Nodes;

/// <summary>Accepts any text that ends with a mark and contains it nowhere else. Special tokens are not part of it.</summary>
/// <param name="mark">The mark, not empty, of at most <see cref="MaxLength"/> characters: the automaton compares all of its beginnings.</param>
internal sealed class UntilNode(string mark) : GrammarNode
{
    /// <summary>The most characters of a mark.</summary>
    public const int MaxLength = 64;

    private const byte LastTextByte = 0xF7;

    private readonly byte[] _mark = Encoding.UTF8.GetBytes(mark);

    /// <inheritdoc/>
    public override int AppendTo(Nfa nfa, int from)
    {
        // State i has read the first i bytes of the mark. A byte that does not go on leads to the longest beginning of the mark that the text then ends with.
        int[] states = new int[_mark.Length + 1];
        for (int i = 0; i < states.Length; i++)
        {
            states[i] = nfa.AddState();
        }

        nfa.AddEpsilon(from, states[0]);
        for (int i = 0; i < _mark.Length; i++)
        {
            int first = 0;
            int target = TargetOf(i, 0);
            for (int value = 1; value <= LastTextByte + 1; value++)
            {
                int next = value <= LastTextByte ? TargetOf(i, (byte)value) : -1;
                if (next != target)
                {
                    nfa.AddByteRange(states[i], (byte)first, (byte)(value - 1), states[target]);
                    (first, target) = (value, next);
                }
            }
        }

        return states[^1];
    }

    private int TargetOf(int read, byte value)
    {
        Span<byte> text = stackalloc byte[read + 1];
        _mark.AsSpan(0, read).CopyTo(text);
        text[read] = value;
        int length = read + 1;
        while (!text[^length..].SequenceEqual(_mark.AsSpan(0, length)))
        {
            length--;
        }

        return length;
    }
}
