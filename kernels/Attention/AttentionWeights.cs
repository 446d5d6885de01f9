using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>The parameters of a layer that are applied between projection and attention.</summary>
/// <param name="Bias">Added to the projected row [query, key, value columns]; null if the layer has no bias.</param>
/// <param name="QueryScale">The factors of a query's elements, <see cref="QueryScaleOf"/>.</param>
/// <param name="HasNorm">Whether queries and keys are normalised.</param>
/// <param name="Eps">Added to the mean of the squares.</param>
/// <param name="KeyScale">
/// The norm weight of the keys [head size] if queries and keys are normalised and weighted before the rotary embedding; null (default) if they are
/// normalised after it, or not at all.
/// </param>
public sealed record AttentionWeights(IVector? Bias, IVector QueryScale, bool HasNorm, float Eps, IVector? KeyScale = null)
{
    private const float Log2E = 1.44269504088896341f;

    /// <summary>
    /// Computes the factors of a query's elements [head size]: the weights of both norms and the softmax scale, times log2 e because attention uses powers
    /// of two. The weight of the key norm is applied to the queries instead of the keys, so that the cache contains unweighted keys that every layer of a
    /// group can read.
    /// </summary>
    /// <param name="queryNorm">Norm weight of the queries [head size]; null if queries and keys are not normalised.</param>
    /// <param name="keyNorm">Norm weight of the keys [head size]; null if the queries do not get it: keys are not normalised, or have it themselves.</param>
    /// <param name="headSize">Elements of a head.</param>
    public static float[] QueryScaleOf(float[]? queryNorm, float[]? keyNorm, int headSize)
    {
        float scale = Log2E / MathF.Sqrt(headSize);
        float[] factors = new float[headSize];
        for (int i = 0; i < headSize; i++)
        {
            factors[i] = (queryNorm?[i] ?? 1) * (keyNorm?[i] ?? 1) * scale;
        }

        return factors;
    }
}
