using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>The parameters of a layer that are applied between projection and attention.</summary>
/// <param name="Bias">Added to the projected row [query, key, value columns]; null if the layer has no bias.</param>
/// <param name="QueryNorm">Per-head norm weight of the queries [head size]; null if queries and keys are not normalised.</param>
/// <param name="KeyNorm">Per-head norm weight of the keys [head size]; null if <paramref name="QueryNorm"/> is null. It is applied to the queries instead of the keys, so that the cache contains unweighted keys that every layer of a group can read.</param>
/// <param name="Eps">Added to the mean of the squares.</param>
public sealed record AttentionWeights(IVector? Bias, IVector? QueryNorm, IVector? KeyNorm, float Eps);
