using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Numbers without sign or exponent on one side of a bound, decided digit by digit: by their length first, then by the first digit
/// that differs.
/// </summary>
/// <param name="bound">The bound, not negative.</param>
/// <param name="above">True for numbers above it, false for those below.</param>
/// <param name="integer">True where there is no fraction.</param>
internal sealed class DigitsNode(NumberBound bound, bool above, bool integer) : Node
{
    /// <inheritdoc/>
    public override int Write(Nfa nfa, int from)
    {
        (string whole, string fraction) = bound.Value.Digits();
        bool exclusive = bound.Exclusive;
        int end = nfa.Add(), free = nfa.Add(), freeFraction = nfa.Add();
        nfa.Skip(free, end);
        nfa.Skip(freeFraction, end);
        Digits(nfa, freeFraction, freeFraction);
        if (!integer)
        {
            Digits(nfa, nfa.Read(free, (byte)'.', (byte)'.'), freeFraction);
        }

        // left[k]: k more whole digits come, whatever they are.
        int[] left = new int[whole.Length];
        left[0] = free;
        for (int k = 1; k < left.Length; k++)
        {
            left[k] = nfa.Add();
            Digits(nfa, left[k], left[k - 1]);
        }

        WriteOtherLengths(nfa, from, left, free);
        int at = nfa.Add();
        nfa.Skip(from, at);
        for (int k = 0; k < whole.Length; k++)
        {
            int lowest = k == 0 && whole.Length > 1 ? 1 : 0;
            at = Compare(nfa, at, whole[k] - '0', lowest, left[whole.Length - k - 1]);
        }

        // All whole digits are the bound's own.
        if (above ? fraction.Length == 0 && !exclusive : fraction.Length > 0 || !exclusive)
        {
            nfa.Skip(at, end);
        }

        if (!integer)
        {
            WriteFraction(nfa, nfa.Read(at, (byte)'.', (byte)'.'), fraction, freeFraction, end);
        }

        return end;
    }

    private void WriteOtherLengths(Nfa nfa, int from, int[] left, int free)
    {
        if (above)
        {
            // One digit more than the bound has, or any number more.
            int digits = nfa.Read(from, (byte)'1', (byte)'9');
            for (int k = 0; k < left.Length; k++)
            {
                int next = nfa.Add();
                Digits(nfa, digits, next);
                digits = next;
            }

            Digits(nfa, digits, digits);
            nfa.Skip(digits, free);
            return;
        }

        if (left.Length > 1)
        {
            nfa.Read(from, (byte)'0', (byte)'0', free);
        }

        for (int length = 1; length < left.Length; length++)
        {
            nfa.Read(from, (byte)'1', (byte)'9', left[length - 1]);
        }
    }

    private void WriteFraction(Nfa nfa, int at, string fraction, int free, int end)
    {
        for (int i = 0; i < fraction.Length; i++)
        {
            at = Compare(nfa, at, fraction[i] - '0', 0, free);

            // Ending here leaves the rest zero: below the bound while it has digits left, equal to it behind the last.
            bool equal = i == fraction.Length - 1;
            if (equal ? !bound.Exclusive : !above)
            {
                nfa.Skip(at, end);
            }
        }

        // Behind the bound's last digit zeros change nothing, and any other digit is above it.
        int zeros = nfa.Add();
        nfa.Read(at, (byte)'0', (byte)'0', zeros);
        nfa.Read(zeros, (byte)'0', (byte)'0', zeros);
        if (!bound.Exclusive)
        {
            nfa.Skip(zeros, end);
        }

        if (above)
        {
            nfa.Read(at, (byte)'1', (byte)'9', free);
            nfa.Read(zeros, (byte)'1', (byte)'9', free);
        }
    }

    /// <summary>A digit: on the right side of the bound's own leads to where all is free, the same leads on.</summary>
    private int Compare(Nfa nfa, int at, int digit, int lowest, int free)
    {
        (int low, int high) = above ? (digit + 1, 9) : (lowest, digit - 1);
        if (low <= high)
        {
            nfa.Read(at, (byte)('0' + low), (byte)('0' + high), free);
        }

        return nfa.Read(at, (byte)('0' + digit), (byte)('0' + digit));
    }

    private static void Digits(Nfa nfa, int from, int to) => nfa.Read(from, (byte)'0', (byte)'9', to);
}
