using HunyuanOrleans.Grammar.Automata;
using HunyuanOrleans.Grammar.Nodes;

namespace HunyuanOrleans.Grammar.Schemas;

/// <summary>
/// Accepts numbers without sign or exponent on one side of a bound. Numbers are compared with the bound by the count of whole digits
/// first, then by the first digit that differs.
/// </summary>
/// <param name="bound">The bound, not negative.</param>
/// <param name="above">True to accept numbers above the bound, false for numbers below it.</param>
/// <param name="integer">True if numbers have no fraction.</param>
/// <param name="limits">The limits of digits where the bound allows any number of them; null for none.</param>
internal sealed class BoundedDigitsNode(NumberBound bound, bool above, bool integer, NumberLimits? limits) : GrammarNode
{
    /// <inheritdoc/>
    public override int AppendTo(Nfa nfa, int from)
    {
        (string whole, string fraction) = bound.Value.Digits();
        bool exclusive = bound.Exclusive;
        int end = nfa.AddState(), free = nfa.AddState();
        nfa.AddEpsilon(free, end);

        // In state freeFraction[k] the comparison is decided, and at least k digits of the fraction have been read.
        int[] freeFraction = AddChain(nfa, integer ? 0 : limits is null ? null : Math.Max(limits.FractionDigits, fraction.Length), '9');
        foreach (int state in freeFraction)
        {
            nfa.AddEpsilon(state, end);
        }

        if (!integer)
        {
            AddDigit(nfa, nfa.AddByteRange(free, (byte)'.', (byte)'.'), freeFraction[Math.Min(1, freeFraction.Length - 1)]);
        }

        // In state left[k] the comparison is decided, and exactly k more whole digits follow.
        int[] left = new int[whole.Length];
        left[0] = free;
        for (int k = 1; k < left.Length; k++)
        {
            left[k] = nfa.AddState();
            AddDigit(nfa, left[k], left[k - 1]);
        }

        AppendOtherLengths(nfa, from, left, free);
        int at = nfa.AddState();
        nfa.AddEpsilon(from, at);
        for (int k = 0; k < whole.Length; k++)
        {
            int lowest = k == 0 && whole.Length > 1 ? 1 : 0;
            at = AppendComparison(nfa, at, whole[k] - '0', lowest, left[whole.Length - k - 1]);
        }

        // Here all whole digits are equal to the bound's.
        if (above ? fraction.Length == 0 && !exclusive : fraction.Length > 0 || !exclusive)
        {
            nfa.AddEpsilon(at, end);
        }

        if (!integer)
        {
            AppendFraction(nfa, nfa.AddByteRange(at, (byte)'.', (byte)'.'), fraction, freeFraction, end);
        }

        return end;
    }

    private void AppendOtherLengths(Nfa nfa, int from, int[] left, int free)
    {
        if (above)
        {
            // A number with more whole digits than the bound is above it.
            int digits = nfa.AddByteRange(from, (byte)'1', (byte)'9');
            for (int k = 0; k < left.Length; k++)
            {
                int next = nfa.AddState();
                AddDigit(nfa, digits, next);
                digits = next;
            }

            int[] more = AddChain(nfa, limits is null ? null : Math.Max(limits.WholeDigits - left.Length - 1, 0), '9');
            nfa.AddEpsilon(digits, more[0]);
            foreach (int state in more)
            {
                nfa.AddEpsilon(state, free);
            }

            return;
        }

        if (left.Length > 1)
        {
            nfa.AddByteRange(from, (byte)'0', (byte)'0', free);
        }

        for (int length = 1; length < left.Length; length++)
        {
            nfa.AddByteRange(from, (byte)'1', (byte)'9', left[length - 1]);
        }
    }

    private void AppendFraction(Nfa nfa, int at, string fraction, int[] free, int end)
    {
        for (int i = 0; i < fraction.Length; i++)
        {
            at = AppendComparison(nfa, at, fraction[i] - '0', 0, FreeAfter(i + 1));

            // A number that ends here has zeros from here on: it is less than the bound unless this is the bound's last digit.
            bool equal = i == fraction.Length - 1;
            if (equal ? !bound.Exclusive : !above)
            {
                nfa.AddEpsilon(at, end);
            }
        }

        // After the bound's last digit, zeros keep the number equal to the bound, and any other digit makes it greater.
        int[] zeros = AddChain(nfa, limits is null ? null : Math.Max(limits.FractionDigits - fraction.Length, 0), '0');
        for (int k = 0; k < zeros.Length; k++)
        {
            if (k > 0 && !bound.Exclusive)
            {
                nfa.AddEpsilon(zeros[k], end);
            }

            bool hasRoom = limits is null || k < zeros.Length - 1;
            if (above && hasRoom)
            {
                nfa.AddByteRange(zeros[k], (byte)'1', (byte)'9', FreeAfter(fraction.Length + k + 1));
            }
        }

        nfa.AddEpsilon(at, zeros[0]);

        int FreeAfter(int digits) => free[Math.Min(digits, free.Length - 1)];
    }

    /// <summary>
    /// Adds states in which 0, 1, 2 … digits from 0 to a highest one have been read. If their number is not limited, the last state is for
    /// any number from 1 on.
    /// </summary>
    private static int[] AddChain(Nfa nfa, int? most, char highest)
    {
        int[] states = new int[(most ?? 1) + 1];
        states[0] = nfa.AddState();
        for (int k = 1; k < states.Length; k++)
        {
            states[k] = nfa.AddByteRange(states[k - 1], (byte)'0', (byte)highest);
        }

        if (most is null)
        {
            nfa.AddByteRange(states[1], (byte)'0', (byte)highest, states[1]);
        }

        return states;
    }

    /// <summary>
    /// Appends the comparison of one digit with the bound's: a digit on the accepted side leads to the state where further digits are
    /// unrestricted, an equal digit to the returned state.
    /// </summary>
    private int AppendComparison(Nfa nfa, int at, int digit, int lowest, int free)
    {
        (int low, int high) = above ? (digit + 1, 9) : (lowest, digit - 1);
        if (low <= high)
        {
            nfa.AddByteRange(at, (byte)('0' + low), (byte)('0' + high), free);
        }

        return nfa.AddByteRange(at, (byte)('0' + digit), (byte)('0' + digit));
    }

    private static void AddDigit(Nfa nfa, int from, int to) => nfa.AddByteRange(from, (byte)'0', (byte)'9', to);
}
