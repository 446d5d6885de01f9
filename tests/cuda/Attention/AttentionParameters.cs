using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Tests.Attention;

/// <summary>The parameters of a layer's attention as a checkpoint has them.</summary>
internal sealed record AttentionParameters(float[]? Bias, float[]? QueryNorm, float[]? KeyNorm, float Eps)
{
    /// <summary>What the CPU's kernels take.</summary>
    public AttentionWeights ToWeights(int headSize) => new(
        Bias is null ? null : new HostVector(Bias),
        new HostVector(AttentionWeights.QueryScaleOf(QueryNorm, KeyNorm, headSize)),
        QueryNorm is not null,
        Eps);
}
