using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Kernels.Tests.Attention;

/// <summary>The parameters of a layer's attention as a checkpoint has them.</summary>
internal sealed record LayerParameters(float[]? Bias, float[]? QueryNorm, float[]? KeyNorm, bool NormsFirst = false)
{
    public const float Eps = 1e-5f;

    /// <summary>What the kernels take.</summary>
    public AttentionWeights ToWeights(int headSize) => new(
        Bias is null ? null : new HostVector(Bias),
        new HostVector(AttentionWeights.QueryScaleOf(QueryNorm, NormsFirst ? null : KeyNorm, headSize)),
        QueryNorm is not null,
        Eps,
        NormsFirst ? new HostVector(KeyNorm!) : null);
}
