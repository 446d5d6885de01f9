using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>Cosines and sines for the rows of a batch, [rows, head size / 2] each, float32. It does not know the frequencies.</summary>
public sealed class RotaryAngles(int maxRows, int headSize) : IDisposable
{
    /// <summary>Cosine of each row's angles.</summary>
    public Activation Cos { get; } = new(maxRows, headSize / 2, ElementType.F32);

    /// <summary>Sine of each row's angles.</summary>
    public Activation Sin { get; } = new(maxRows, headSize / 2, ElementType.F32);

    /// <inheritdoc/>
    public void Dispose()
    {
        Cos.Dispose();
        Sin.Dispose();
    }
}
