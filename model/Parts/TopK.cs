namespace HunyuanOrleans.Model.Parts;

/// <summary>
/// Chooses the experts of one token: softmax over all router logits, the k largest. With k = 1 the weight is the probability as it is;
/// with more it is divided by the sum of the chosen (spec: at least the float32 epsilon). Equal logits: the lower number wins.
/// </summary>
internal static class TopK
{
    private const float Epsilon = 1.1920929e-07f;

    /// <summary>Writes experts in ascending order with their weights.</summary>
    public static void Choose(ReadOnlySpan<float> logits, Span<int> experts, Span<float> weights)
    {
        int k = experts.Length;
        for (int i = 0; i < k; i++)
        {
            int best = -1;
            for (int e = 0; e < logits.Length; e++)
            {
                // "Not less" in this form also takes a NaN rather than no expert at all.
                if ((best < 0 || logits[e] > logits[best]) && !experts[..i].Contains(e))
                {
                    best = e;
                }
            }

            experts[i] = best;
        }

        float max = logits[experts[0]];
        experts.Sort();
        float sum = 0;
        foreach (float logit in logits)
        {
            sum += MathF.Exp(logit - max);
        }

        float chosen = 0;
        for (int i = 0; i < k; i++)
        {
            weights[i] = MathF.Exp(logits[experts[i]] - max) / sum;
            chosen += weights[i];
        }

        if (k > 1)
        {
            chosen = MathF.Max(chosen, Epsilon);
            for (int i = 0; i < k; i++)
            {
                weights[i] /= chosen;
            }
        }
    }
}
