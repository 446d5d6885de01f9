namespace HunyuanOrleans.Kernels.Attention;

/// <summary>The small per-layer parameters between projection and attention.</summary>
/// <param name="Bias">Added to the projected row [query, key, value columns]; null where there is none.</param>
/// <param name="QueryNorm">Per-head norm weight of the queries [head size]; null where queries and keys are not normalised.</param>
/// <param name="KeyNorm">Per-head norm weight of the keys [head size]; folded into the query, so that the cache holds unweighted keys that every layer of a group can read. Null together with <paramref name="QueryNorm"/>.</param>
/// <param name="Eps">Added to the mean square.</param>
public sealed record AttentionWeights(float[]? Bias, float[]? QueryNorm, float[]? KeyNorm, float Eps);
