using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>Attention over a pool of keys and values on the device.</summary>
/// <param name="driver">The driver.</param>
/// <param name="attention">Launches the kernels.</param>
/// <param name="shape">The heads.</param>
/// <param name="kv">Keys and values.</param>
/// <param name="maxRows">Most rows of a step.</param>
/// <param name="stream">The stream.</param>
internal sealed class CudaAttentionOperation(ICudaDriver driver, CudaAttention attention, AttentionShape shape, CudaKvPool kv, int maxRows, nint stream) : IAttention
{
    /// <summary>
    /// Segments whose partial results there is room for: with fewer sequences than would occupy the device, that many warps share a key head's contexts.
    /// </summary>
    public const int MaxPartials = 1024;

    /// <inheritdoc/>
    public IStepRows CreateRows() =>
        new CudaStepRows(new AttentionStep(driver, shape, maxRows, kv.Blocks, MaxPartials), maxRows, shape.HeadSize, new StepGraphs(driver, stream), stream);

    /// <inheritdoc/>
    public void Split(IStepRows rows, IActivation projected, AttentionWeights weights, int group)
    {
        CudaStepRows step = (CudaStepRows)rows;
        CudaActivation source = (CudaActivation)projected;
        bool hasKeys = source.Columns == (shape.Heads + (2 * shape.KeyHeads)) * shape.HeadSize;
        if (!hasKeys && source.Columns != shape.Heads * shape.HeadSize)
        {
            throw new ArgumentException($"Projected rows of {source.Columns} columns do not match {shape.Heads} heads and {shape.KeyHeads} key heads of {shape.HeadSize}.", nameof(projected));
        }

        source.Check(0, step.Grid.Rows, nameof(projected));
        CudaAttentionWeights parameters = new(
            ((CudaVector?)weights.Bias)?.Row.Address ?? 0, ((CudaVector)weights.QueryScale).Row.Address, weights.HasNorm, weights.Eps);
        attention.SplitAsync(step.Step.Address, step.Grid, source.Address, source.Stride, hasKeys, parameters, kv.Address(group), stream);
    }

    /// <inheritdoc/>
    public void Run(IStepRows rows, int group, IActivation output)
    {
        CudaStepRows step = (CudaStepRows)rows;
        CudaActivation target = (CudaActivation)output;
        target.Check(0, step.Grid.Rows, nameof(output));
        attention.AttendAsync(step.Step.Address, step.Grid, kv.Address(group), target.Address, target.Stride, stream);
    }

    /// <inheritdoc/>
    public void Dispose() => attention.Dispose();
}
