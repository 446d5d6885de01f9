using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Train.Layers;

/// <summary>
/// The experts chosen for the tokens of a micro-batch, and their weights with gradients. The weight of a single expert is its softmax probability; those of
/// several are divided by their sum, as in the published code.
/// </summary>
/// <param name="experts">Number of experts.</param>
/// <param name="topK">Experts per token.</param>
public sealed class ExpertRoutes(int experts, int topK)
{
    // The smallest sum that weights are divided by: the published code clamps to the epsilon of float32.
    private const float SmallestSum = 1.1920929e-07f;

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

    /// <summary>Chooses experts, and replaces router logits by probabilities.</summary>
    /// <param name="logits">float32 [tokens, experts].</param>
    /// <param name="tokens">Number of tokens.</param>
    public void Choose(Activation logits, int tokens)
    {
        if (_experts.Length < tokens * topK)
        {
            (_experts, _weights, _rows) = (new int[tokens * topK], new float[tokens * topK], new int[tokens * topK]);
        }

        Array.Clear(Counts);
        for (int token = 0; token < tokens; token++)
        {
            Span<float> probabilities = logits.Row(token);
            Softmax(probabilities);
            Span<int> chosen = _experts.AsSpan(token * topK, topK);
            float sum = 0;
            for (int choice = 0; choice < topK; choice++)
            {
                chosen[choice] = Largest(probabilities, chosen[..choice]);
                sum += probabilities[chosen[choice]];
                Counts[chosen[choice]]++;
            }

            for (int choice = 0; choice < topK; choice++)
            {
                float p = probabilities[chosen[choice]];
                _weights[(token * topK) + choice] = topK == 1 ? p : p / MathF.Max(sum, SmallestSum);
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

    /// <summary>Replaces probabilities by the gradients of the logits. The choice itself carries no gradient.</summary>
    /// <param name="probabilities">float32 [tokens, experts] from <see cref="Choose(Activation, int)"/>.</param>
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
