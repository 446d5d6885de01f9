using HunyuanOrleans.Kernels.Memory;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>Cosines and sines of the rotary position embedding for the rows of a batch, float32 [rows, head size / 2] each.</summary>
public sealed class RotaryAngles(int maxRows, int headSize) : IDisposable
{
    /// <summary>Cosines of the angles of each row.</summary>
    public Activation Cos { get; } = new(maxRows, headSize / 2, ElementType.F32);

    /// <summary>Sines of the angles of each row.</summary>
    public Activation Sin { get; } = new(maxRows, headSize / 2, ElementType.F32);

    /// <inheritdoc/>
    public void Dispose()
    {
        Cos.Dispose();
        Sin.Dispose();
    }
}
