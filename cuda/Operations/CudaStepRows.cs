using System.Numerics;
using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>The rows of a step, whose descriptors are uploaded when it begins.</summary>
internal sealed class CudaStepRows(AttentionStep step, int maxRows, int headSize, StepGraphs graphs, nint stream) : IStepRows
{
    private AttentionBatch? _batch;

    /// <inheritdoc/>
    public RotaryAngles Angles { get; } = new(maxRows, headSize);

    /// <inheritdoc/>
    public AttentionBatch Batch => _batch ?? throw new InvalidOperationException("No step has begun.");

    /// <summary>The descriptors in device memory.</summary>
    public AttentionStep Step => step;

    /// <summary>
    /// Sizes of the launches of attention. They are rounded up, which costs blocks that return at once, so that steps of growing sequences have the same.
    /// </summary>
    public AttentionGrid Grid { get; private set; }

    /// <inheritdoc/>
    public void Begin(AttentionBatch batch)
    {
        _batch = batch;
        step.UploadAsync(batch, Angles, stream);
        Grid = new AttentionGrid(step.Grid.Rows, Rounded(step.Grid.Units), Rounded(step.Grid.Merges));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        graphs.Remove(this);
        step.Dispose();
        Angles.Dispose();
    }

    private static int Rounded(int count) => (int)BitOperations.RoundUpToPowerOf2((uint)count);
}
