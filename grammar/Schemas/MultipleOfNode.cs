using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Accepts multiples of <c>units / 10^places</c> without sign or exponent. A state is the remainder modulo <paramref name="units"/> of the
/// digits read so far. Numbers have at most <paramref name="places"/> decimal places.
/// </summary>
/// <param name="units">The divisor's digits as an integer, greater than 0.</param>
/// <param name="places">The divisor's number of decimal places.</param>
internal sealed class MultipleOfNode(int units, int places) : GrammarNode
{
    /// <inheritdoc/>
    public override int AppendTo(Nfa nfa, int from)
    {
        int end = nfa.AddState(), zero = nfa.AddState();
        nfa.AddByteRange(from, (byte)'0', (byte)'0', zero);
        int[] whole = AddStates(nfa);
        AddDigits(nfa, from, 1, 0, whole);
        for (int remainder = 0; remainder < units; remainder++)
        {
            AddDigits(nfa, whole[remainder], 0, remainder, whole);
        }

        AllowEnd(nfa, zero, 0, places, end);
        AllowEnds(nfa, whole, places, end);
        if (places == 0)
        {
            return end;
        }

        int[] point = AddStates(nfa);
        nfa.AddByteRange(zero, (byte)'.', (byte)'.', point[0]);
        for (int remainder = 0; remainder < units; remainder++)
        {
            nfa.AddByteRange(whole[remainder], (byte)'.', (byte)'.', point[remainder]);
        }

        for (int place = 1; place <= places; place++)
        {
            int[] next = AddStates(nfa);
            for (int remainder = 0; remainder < units; remainder++)
            {
                AddDigits(nfa, point[remainder], 0, remainder, next);
            }

            AllowEnds(nfa, next, places - place, end);
            point = next;
        }

        return end;
    }

    private int[] AddStates(Nfa nfa)
    {
        var states = new int[units];
        for (int i = 0; i < units; i++)
        {
            states[i] = nfa.AddState();
        }

        return states;
    }

    private void AddDigits(Nfa nfa, int from, int lowest, int remainder, int[] to)
    {
        for (int digit = lowest; digit <= 9; digit++)
        {
            nfa.AddByteRange(from, (byte)('0' + digit), (byte)('0' + digit), to[((remainder * 10) + digit) % units]);
        }
    }

    private void AllowEnds(Nfa nfa, int[] states, int zeros, int end)
    {
        for (int remainder = 0; remainder < units; remainder++)
        {
            AllowEnd(nfa, states[remainder], remainder, zeros, end);
        }
    }

    /// <summary>Lets a number end in a state if its remainder is 0 after the missing decimal places are filled with zeros.</summary>
    private void AllowEnd(Nfa nfa, int state, int remainder, int zeros, int end)
    {
        for (int i = 0; i < zeros; i++)
        {
            remainder = remainder * 10 % units;
        }

        if (remainder == 0)
        {
            nfa.AddEpsilon(state, end);
        }
    }
}
