using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>The rows of a step, whose descriptors are uploaded when it begins.</summary>
internal sealed class CudaStepRows(AttentionStep step, int maxRows, int headSize, nint stream) : IStepRows
{
    private AttentionBatch? _batch;

    /// <inheritdoc/>
    public RotaryAngles Angles { get; } = new(maxRows, headSize);

    /// <inheritdoc/>
    public AttentionBatch Batch => _batch ?? throw new InvalidOperationException("No step has begun.");

    /// <summary>The descriptors in device memory.</summary>
    public AttentionStep Step => step;

    /// <inheritdoc/>
    public void Begin(AttentionBatch batch)
    {
        _batch = batch;
        step.UploadAsync(batch, Angles, stream);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        step.Dispose();
        Angles.Dispose();
    }
}
