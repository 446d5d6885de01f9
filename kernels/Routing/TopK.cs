namespace HunyuanOrleans.Kernels.Routing;

/// <summary>
/// Chooses the experts of one token: the k largest of the softmax over all router logits. With k = 1 the weight is the probability
/// itself; with larger k it is divided by the sum of the chosen probabilities (at least the float32 epsilon, as in the published code).
/// Of equal logits the lower expert number is chosen.
/// </summary>
public static class TopK
{
    private const float Epsilon = 1.1920929e-07f;

    /// <summary>Writes the chosen experts in ascending order, with their weights.</summary>
    public static void Choose(ReadOnlySpan<float> logits, Span<int> experts, Span<float> weights)
    {
        int k = experts.Length;
        Largest(logits, experts);
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

    /// <summary>Writes the experts with the largest values, the largest first. Of equal values the lower expert number is chosen.</summary>
    internal static void Largest(ReadOnlySpan<float> values, Span<int> experts)
    {
        for (int i = 0; i < experts.Length; i++)
        {
            int best = -1;
            for (int e = 0; e < values.Length; e++)
            {
                // The first candidate is accepted even if it is NaN, so that NaN values never leave a token without an expert.
                if ((best < 0 || values[e] > values[best]) && !experts[..i].Contains(e))
                {
                    best = e;
                }
            }

            experts[i] = best;
        }
    }
}
