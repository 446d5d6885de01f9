namespace HunyuanOrleans.Model;

/// <summary>How far apart two predictions of the next token are. It does not know who made them.</summary>
public static class LogitDivergence
{
    /// <summary>
    /// KL(reference || other) of the distributions that two rows of logits stand for, in nats: what is lost when the other is used in place
    /// of the reference. 0 where they are equal; NaN where a row holds one.
    /// </summary>
    /// <param name="reference">Logits of every token.</param>
    /// <param name="other">As many.</param>
    /// <exception cref="ArgumentException">The rows differ in length, or are empty.</exception>
    public static double Kl(ReadOnlySpan<float> reference, ReadOnlySpan<float> other)
    {
        if (reference.Length != other.Length || reference.IsEmpty)
        {
            throw new ArgumentException($"Rows of {reference.Length} and {other.Length} logits.", nameof(other));
        }

        double first = LogSum(reference);
        double second = LogSum(other);
        double sum = 0;
        for (int i = 0; i < reference.Length; i++)
        {
            double log = reference[i] - first;
            sum += Math.Exp(log) * (log - (other[i] - second));
        }

        return sum;
    }

    private static double LogSum(ReadOnlySpan<float> logits)
    {
        double max = double.NegativeInfinity;
        foreach (float logit in logits)
        {
            max = Math.Max(max, logit);
        }

        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - max);
        }

        return max + Math.Log(sum);
    }
}
