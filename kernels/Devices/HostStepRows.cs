using HunyuanOrleans.Kernels.Attention;

namespace HunyuanOrleans.Kernels.Devices;

/// <summary>The rows of a step in the memory of this process.</summary>
internal sealed class HostStepRows(int maxRows, int headSize) : IStepRows
{
    private AttentionBatch? _batch;

    /// <inheritdoc/>
    public RotaryAngles Angles { get; } = new(maxRows, headSize);

    /// <inheritdoc/>
    public AttentionBatch Batch => _batch ?? throw new InvalidOperationException("No step has begun.");

    /// <inheritdoc/>
    public void Begin(AttentionBatch batch) => _batch = batch;

    /// <inheritdoc/>
    public void Dispose() => Angles.Dispose();
}
