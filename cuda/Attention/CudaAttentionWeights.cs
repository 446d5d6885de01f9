using HunyuanOrleans.Kernels.Attention;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>The parameters of a layer in device memory that <see cref="CudaAttention"/> applies between projection and attention.</summary>
/// <param name="Bias">Address of the float32 bias of a projected row; 0 if the layer has none.</param>
/// <param name="QueryScale">Address of the factors of a query, <see cref="AttentionWeights.QueryScaleOf"/>.</param>
/// <param name="HasNorm">Whether queries and keys are normalised.</param>
/// <param name="Eps">Added to the mean of the squares.</param>
internal readonly record struct CudaAttentionWeights(ulong Bias, ulong QueryScale, bool HasNorm, float Eps);
