namespace HunyuanOrleans.Model;

/// <summary>Measures how far apart two predictions of the next token are.</summary>
public static class LogitDivergence
{
    /// <summary>
    /// The Kullback-Leibler divergence KL(reference || other) of the distributions that two rows of logits describe, in nats. It is 0 if
    /// the rows are equal, and NaN if a row contains NaN.
    /// </summary>
    /// <param name="reference">Logits of every token, [vocabulary].</param>
    /// <param name="other">Logits of every token, [vocabulary].</param>
    /// <exception cref="ArgumentException">The rows differ in length, or are empty.</exception>
    public static double Kl(ReadOnlySpan<float> reference, ReadOnlySpan<float> other)
    {
        if (reference.Length != other.Length || reference.IsEmpty)
        {
            throw new ArgumentException($"Rows of {reference.Length} and {other.Length} logits.", nameof(other));
        }

        double first = LogSum.Of(reference);
        double second = LogSum.Of(other);
        double sum = 0;
        for (int i = 0; i < reference.Length; i++)
        {
            double log = reference[i] - first;
            sum += Math.Exp(log) * (log - (other[i] - second));
        }

        return sum;
    }
}
