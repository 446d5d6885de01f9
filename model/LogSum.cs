namespace HunyuanOrleans.Model;

/// <summary>The logarithm of a sum of exponentials, which turns logits into log probabilities.</summary>
public static class LogSum
{
    /// <summary>Computes it in double precision, without overflow.</summary>
    /// <param name="logits">The logits, at least one.</param>
    public static double Of(ReadOnlySpan<float> logits)
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
