using HunyuanOrleans.Model;

namespace HunyuanOrleans.Bench.Checks;

/// <summary>How far apart two sets of logits are.</summary>
/// <param name="Rows">Number of rows.</param>
/// <param name="LargestDifference">The largest difference of two logits; NaN if one of the differences is no number.</param>
/// <param name="MeanDivergence">The mean Kullback-Leibler divergence of the rows, in nats.</param>
/// <param name="SameTop">Rows whose largest logit belongs to the same token.</param>
/// <param name="DifferentBits">Logits whose bits differ.</param>
internal sealed record LogitsComparison(int Rows, double LargestDifference, double MeanDivergence, int SameTop, int DifferentBits)
{
    /// <summary>Compares rows.</summary>
    /// <param name="expected">[rows, vocabulary].</param>
    /// <param name="actual">The same shape.</param>
    /// <param name="vocabulary">Logits in a row.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static LogitsComparison Of(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, int vocabulary)
    {
        if (expected.Length != actual.Length)
        {
            throw new ArgumentException($"{expected.Length} logits are expected and {actual.Length} were computed.", nameof(actual));
        }

        int rows = expected.Length / vocabulary, sameTop = 0, bits = 0;
        double largest = 0, divergence = 0;
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> one = expected.Slice(row * vocabulary, vocabulary), other = actual.Slice(row * vocabulary, vocabulary);
            largest = Math.Max(largest, Differences.Largest(one, other));
            divergence += LogitDivergence.Kl(one, other) / rows;
            sameTop += ArgMax(one) == ArgMax(other) ? 1 : 0;
            for (int i = 0; i < vocabulary; i++)
            {
                bits += BitConverter.SingleToInt32Bits(one[i]) == BitConverter.SingleToInt32Bits(other[i]) ? 0 : 1;
            }
        }

        return new LogitsComparison(rows, largest, divergence, sameTop, bits);
    }

    private static int ArgMax(ReadOnlySpan<float> row)
    {
        int best = 0;
        for (int i = 1; i < row.Length; i++)
        {
            best = row[i] > row[best] ? i : best;
        }

        return best;
    }
}
