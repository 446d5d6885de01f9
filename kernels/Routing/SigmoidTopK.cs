namespace HunyuanOrleans.Kernels.Routing;

/// <summary>
/// Chooses the experts of one token by independent scores: the score of an expert is the sigmoid of its router logit. The k experts with the largest sum
/// of score and bias are chosen, and weighted by their scores without the bias.
/// </summary>
public static class SigmoidTopK
{
    // Added to the sum of the chosen scores, as in the published code, so that scores of zero give weights of zero.
    private const float Epsilon = 1e-20f;

    /// <summary>Writes the chosen experts in ascending order, with their weights. Of equal sums the lower expert number is chosen.</summary>
    /// <param name="logits">Router logits, [experts].</param>
    /// <param name="bias">Added to the scores for the choice, [experts]; empty if there is none.</param>
    /// <param name="normalises">Whether the scores of the chosen experts are divided by their sum.</param>
    /// <param name="scale">Multiplies the weights.</param>
    /// <param name="experts">Receives the numbers of the chosen experts, [top-k].</param>
    /// <param name="weights">Receives their weights, [top-k].</param>
    public static void Choose(ReadOnlySpan<float> logits, ReadOnlySpan<float> bias, bool normalises, float scale, Span<int> experts, Span<float> weights)
    {
        Span<float> biased = stackalloc float[logits.Length];
        for (int e = 0; e < logits.Length; e++)
        {
            biased[e] = Sigmoid(logits[e]) + (bias.IsEmpty ? 0 : bias[e]);
        }

        TopK.Largest(biased, experts);
        experts.Sort();
        float sum = 0;
        for (int i = 0; i < experts.Length; i++)
        {
            weights[i] = Sigmoid(logits[experts[i]]);
            sum += weights[i];
        }

        float divisor = normalises ? sum + Epsilon : 1;
        for (int i = 0; i < experts.Length; i++)
        {
            weights[i] = weights[i] / divisor * scale;
        }
    }

    private static float Sigmoid(float x) => 1 / (1 + MathF.Exp(-x));
}
