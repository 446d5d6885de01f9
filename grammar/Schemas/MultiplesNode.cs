using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Multiples of <c>units / 10^places</c> without sign or exponent, by remainder: a number's digits, written with all places, are a
/// multiple of the units. No more places than the divisor has are written.
/// </summary>
/// <param name="units">The divisor's digits as an integer, above 0.</param>
/// <param name="places">How many of them are behind the point.</param>
internal sealed class MultiplesNode(int units, int places) : Node
{
    /// <inheritdoc/>
    public override int Write(Nfa nfa, int from)
    {
        int end = nfa.Add(), zero = nfa.Add();
        nfa.Read(from, (byte)'0', (byte)'0', zero);
        int[] whole = States(nfa);
        Digits(nfa, from, 1, 0, whole);
        for (int remainder = 0; remainder < units; remainder++)
        {
            Digits(nfa, whole[remainder], 0, remainder, whole);
        }

        Finish(nfa, zero, 0, places, end);
        FinishAll(nfa, whole, places, end);
        if (places == 0)
        {
            return end;
        }

        int[] point = States(nfa);
        nfa.Read(zero, (byte)'.', (byte)'.', point[0]);
        for (int remainder = 0; remainder < units; remainder++)
        {
            nfa.Read(whole[remainder], (byte)'.', (byte)'.', point[remainder]);
        }

        for (int place = 1; place <= places; place++)
        {
            int[] next = States(nfa);
            for (int remainder = 0; remainder < units; remainder++)
            {
                Digits(nfa, point[remainder], 0, remainder, next);
            }

            FinishAll(nfa, next, places - place, end);
            point = next;
        }

        return end;
    }

    private int[] States(Nfa nfa)
    {
        var states = new int[units];
        for (int i = 0; i < units; i++)
        {
            states[i] = nfa.Add();
        }

        return states;
    }

    private void Digits(Nfa nfa, int from, int lowest, int remainder, int[] to)
    {
        for (int digit = lowest; digit <= 9; digit++)
        {
            nfa.Read(from, (byte)('0' + digit), (byte)('0' + digit), to[((remainder * 10) + digit) % units]);
        }
    }

    private void FinishAll(Nfa nfa, int[] states, int zeros, int end)
    {
        for (int remainder = 0; remainder < units; remainder++)
        {
            Finish(nfa, states[remainder], remainder, zeros, end);
        }
    }

    /// <summary>A number may end where its remainder, with the places left out as zeros, is none.</summary>
    private void Finish(Nfa nfa, int state, int remainder, int zeros, int end)
    {
        for (int i = 0; i < zeros; i++)
        {
            remainder = remainder * 10 % units;
        }

        if (remainder == 0)
        {
            nfa.Skip(state, end);
        }
    }
}
