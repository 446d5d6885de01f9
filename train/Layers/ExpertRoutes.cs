using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Train.Layers;

/// <summary>
/// The experts chosen for the tokens of a micro-batch, and their weights with gradients. The weight of a single expert is its softmax probability; those of
/// several are divided by their sum, as in the published code. Sigmoid routers choose by score + bias; their weights are scores, divided by their sum if the
/// model says so, times a factor.
/// </summary>
/// <param name="experts">Number of experts.</param>
/// <param name="topK">Experts per token.</param>
/// <param name="sigmoid">How scores become weights if they are sigmoids; null for a softmax.</param>
public sealed class ExpertRoutes(int experts, int topK, SigmoidRouterSettings? sigmoid)
{
    // The smallest sum that weights are divided by: the published code clamps to the epsilon of float32.
    private const float SmallestSum = 1.1920929e-07f;

    // What the published code of sigmoid routers adds to the sum.
    private const float AddedToSum = 1e-20f;

    private int[] _experts = [];
    private float[] _weights = [];
    private int[] _rows = [];

    /// <summary>Number of rows for each expert.</summary>
    public int[] Counts { get; } = new int[experts];

    /// <summary>The first row of each expert, when rows are ordered by expert.</summary>
    public int[] Starts { get; } = new int[experts];

    /// <summary>The row of a token's k-th choice among the rows ordered by expert.</summary>
    public int Row(int token, int choice) => _rows[(token * topK) + choice];

    /// <summary>The weight of a token's k-th choice.</summary>
    public float Weight(int token, int choice) => _weights[(token * topK) + choice];

    /// <summary>Chooses experts, and replaces router logits by probabilities or sigmoids.</summary>
    /// <param name="logits">float32 [tokens, experts].</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="bias">Added to the scores for the choice, [experts]; empty for none.</param>
    public void Choose(Activation logits, int tokens, ReadOnlySpan<float> bias)
    {
        if (_experts.Length < tokens * topK)
        {
            (_experts, _weights, _rows) = (new int[tokens * topK], new float[tokens * topK], new int[tokens * topK]);
        }

        Array.Clear(Counts);
        Span<float> biased = stackalloc float[bias.Length];
        for (int token = 0; token < tokens; token++)
        {
            Span<float> probabilities = logits.Row(token);
            if (sigmoid is null)
            {
                Softmax(probabilities);
            }
            else
            {
                Sigmoid(probabilities);
            }

            scoped ReadOnlySpan<float> ranks = probabilities;
            if (!bias.IsEmpty)
            {
                for (int expert = 0; expert < experts; expert++)
                {
                    biased[expert] = probabilities[expert] + bias[expert];
                }

                ranks = biased;
            }

            Span<int> chosen = _experts.AsSpan(token * topK, topK);
            float sum = 0;
            for (int choice = 0; choice < topK; choice++)
            {
                chosen[choice] = Largest(ranks, chosen[..choice]);
                sum += probabilities[chosen[choice]];
                Counts[chosen[choice]]++;
            }

            for (int choice = 0; choice < topK; choice++)
            {
                float p = probabilities[chosen[choice]];
                _weights[(token * topK) + choice] = sigmoid is not null ? sigmoid.Scale * (sigmoid.Normalises ? p / (sum + AddedToSum) : p)
                    : topK == 1 ? p : p / MathF.Max(sum, SmallestSum);
            }
        }

        for (int expert = 1; expert < experts; expert++)
        {
            Starts[expert] = Starts[expert - 1] + Counts[expert - 1];
        }

        int[] next = [.. Starts];
        for (int i = 0; i < tokens * topK; i++)
        {
            _rows[i] = next[_experts[i]]++;
        }
    }

    /// <summary>Replaces probabilities or sigmoids by the gradients of the logits. The choice itself carries no gradient.</summary>
    /// <param name="probabilities">float32 [tokens, experts] from <see cref="Choose(Activation, int, ReadOnlySpan{float})"/>.</param>
    /// <param name="tokens">Number of tokens.</param>
    /// <param name="weightGradients">Gradients of the weights, by token and choice.</param>
    public void Backward(Activation probabilities, int tokens, ReadOnlySpan<float> weightGradients)
    {
        Span<float> gradients = stackalloc float[experts];
        for (int token = 0; token < tokens; token++)
        {
            Span<float> p = probabilities.Row(token);
            ReadOnlySpan<float> given = weightGradients.Slice(token * topK, topK);
            ReadOnlySpan<int> chosen = _experts.AsSpan(token * topK, topK);
            if (sigmoid is not null)
            {
                BackwardOfSigmoids(p, given, chosen, gradients);
                continue;
            }

            float sum = 0, mean = 0;
            for (int choice = 0; choice < topK; choice++)
            {
                sum += p[chosen[choice]];
                mean += given[choice] * Weight(token, choice);
            }

            gradients.Clear();
            float dot = 0;
            for (int choice = 0; choice < topK; choice++)
            {
                // A clamped sum is a constant.
                bool clamped = sum < SmallestSum;
                float slope = topK == 1 ? given[choice] : clamped ? given[choice] / SmallestSum : (given[choice] - mean) / sum;
                gradients[chosen[choice]] = slope;
                dot += slope * p[chosen[choice]];
            }

            for (int expert = 0; expert < experts; expert++)
            {
                p[expert] *= gradients[expert] - dot;
            }
        }
    }

    // With w = scale * s / sum and s' = s (1 - s): dL/dz = s' * scale * (g - sum of g s / sum) / sum, for the chosen experts only.
    private void BackwardOfSigmoids(Span<float> scores, ReadOnlySpan<float> given, ReadOnlySpan<int> chosen, Span<float> gradients)
    {
        float sum = AddedToSum, dot = 0;
        for (int choice = 0; choice < topK; choice++)
        {
            sum += scores[chosen[choice]];
            dot += given[choice] * scores[chosen[choice]];
        }

        gradients.Clear();
        for (int choice = 0; choice < topK; choice++)
        {
            float slope = sigmoid!.Normalises ? (given[choice] - (dot / sum)) / sum : given[choice];
            gradients[chosen[choice]] = sigmoid.Scale * slope;
        }

        for (int expert = 0; expert < experts; expert++)
        {
            float score = scores[expert];
            scores[expert] = gradients[expert] * score * (1 - score);
        }
    }

    private static void Sigmoid(Span<float> values)
    {
        foreach (ref float value in values)
        {
            value = 1 / (1 + MathF.Exp(-value));
        }
    }

    private static void Softmax(Span<float> values)
    {
        float largest = float.NegativeInfinity;
        foreach (float value in values)
        {
            largest = MathF.Max(largest, value);
        }

        float sum = 0;
        foreach (ref float value in values)
        {
            value = MathF.Exp(value - largest);
            sum += value;
        }

        foreach (ref float value in values)
        {
            value /= sum;
        }
    }

    private static int Largest(ReadOnlySpan<float> values, ReadOnlySpan<int> taken)
    {
        int best = -1;
        for (int i = 0; i < values.Length; i++)
        {
            if (!taken.Contains(i) && (best < 0 || values[i] > values[best]))
            {
                best = i;
            }
        }

        return best;
    }
}
