namespace HunyuanOrleans.Engine.Speculation;

/// <summary>
/// Decides how many tokens to guess for one sequence: as many as are expected to give the most tokens per time, by how often its guesses were right and
/// by what rows cost. A sequence whose guesses do not pay is tried again at growing intervals.
/// </summary>
/// <param name="first">The acceptance that is assumed at first.</param>
internal sealed class DraftLength(double first = DraftLength.FirstAcceptance)
{
    /// <summary>The part of guessed tokens that is assumed to be right while nothing is known, and the weight of that, in tokens.</summary>
    public const double FirstAcceptance = 0.6, FirstWeight = 2;

    /// <summary>Length of the first guess. It doubles while whole guesses are right, and falls to one more than was right.</summary>
    private const int FirstLength = 4;

    /// <summary>Steps between two trials while guesses do not pay; the interval doubles up to the longest.</summary>
    private const int FirstInterval = 4, LongestInterval = 64;

    /// <summary>How much of the past counts with each new guess.</summary>
    private const double Memory = 0.95;

    /// <summary>Tokens that a further row must gain beyond its measured cost: measurements are uncertain, and a row is never free.</summary>
    private const double RowPrice = 0.03;

    private double _accepted = first * FirstWeight, _examined = FirstWeight;
    private int _cap = FirstLength;
    private int _interval = FirstInterval;
    private int _wait;

    /// <summary>The part of its guessed tokens that is expected to be right.</summary>
    private double Acceptance => _accepted / _examined;

    /// <summary>Chooses a length.</summary>
    /// <param name="max">The longest length allowed.</param>
    /// <param name="tokens">Tokens that the step is expected to give without this sequence's guesses, at least 1.</param>
    /// <param name="rows">Rows of the step without them, at least 1.</param>
    /// <param name="cost">What rows cost.</param>
    /// <param name="gain">Number of guessed tokens that are expected to be right.</param>
    public int Choose(int max, double tokens, int rows, StepCost cost, out double gain)
    {
        gain = 0;
        if (max == 0)
        {
            return 0;
        }

        int best = 0;
        double bestRate = tokens / cost.Estimate(rows), chance = 1, expected = 0;
        for (int length = 1; length <= Math.Min(max, _cap); length++)
        {
            chance *= Acceptance;
            expected += chance;
            double rate = (tokens + expected - (RowPrice * length)) / cost.Estimate(rows + length);
            if (rate > bestRate)
            {
                (best, bestRate, gain) = (length, rate, expected);
            }
        }

        if (best > 0)
        {
            return best;
        }

        if (_wait > 0)
        {
            _wait--;
            return 0;
        }

        _wait = _interval;
        _interval = Math.Min(2 * _interval, LongestInterval);
        return 1;
    }

    /// <summary>Number of tokens of a guess that are expected to be right.</summary>
    /// <param name="length">Length of the guess.</param>
    public double Expect(int length)
    {
        double chance = 1, expected = 0;
        for (int i = 0; i < length; i++)
        {
            chance *= Acceptance;
            expected += chance;
        }

        return expected;
    }

    /// <summary>Records how a guess ended.</summary>
    /// <param name="drafted">Number of guessed tokens, at least 1.</param>
    /// <param name="accepted">Number of those that were right before the first wrong one.</param>
    public void Record(int drafted, int accepted)
    {
        // A right guess after many wrong ones: the text may have begun to repeat itself, so the past counts no more.
        if (accepted == drafted && Acceptance < FirstAcceptance / 2)
        {
            (_accepted, _examined) = (FirstAcceptance * FirstWeight, FirstWeight);
        }

        if (accepted > 1)
        {
            _interval = FirstInterval;
        }

        _accepted = (Memory * _accepted) + accepted;
        _examined = (Memory * _examined) + Math.Min(drafted, accepted + 1);
        _cap = accepted < drafted ? accepted + 1 : Math.Max(_cap, Math.Min(2 * drafted, SpeculationOptions.Longest));
    }
}
