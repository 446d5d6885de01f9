using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Kernels;
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
/// <param name="graphs">The recorded operations of steps.</param>
internal sealed class CudaAttentionOperation(
    ICudaDriver driver, CudaAttention attention, AttentionShape shape, CudaKvPool kv, int maxRows, nint stream, StepGraphs graphs) : IAttention
{
    /// <summary>
    /// Segments whose partial results there is room for: with fewer sequences than would occupy the device, that many warps share a key head's contexts.
    /// </summary>
    public const int MaxPartials = 1024;

    /// <inheritdoc/>
    public IStepRows CreateRows()
    {
        AttentionStep step = new(driver, shape, maxRows, kv.Blocks, MaxPartials);
        try
        {
            return new CudaStepRows(step, maxRows, shape.HeadSize, graphs, stream);
        }
        catch
        {
            step.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Split(IStepRows rows, IActivation projected, AttentionWeights weights, int group)
    {
        if (weights.KeyScale is not null)
        {
            throw new NotSupportedException("The kernels of GPUs norm queries and keys after the rotary embedding only.");
        }

        CudaStepRows step = Step(rows);
        CudaActivation source = (CudaActivation)projected;
        CudaActivation? bias = ((CudaVector?)weights.Bias)?.Row;
        CudaActivation scale = ((CudaVector)weights.QueryScale).Row;
        bool hasKeys = source.Columns == (shape.Heads + (2 * shape.KeyHeads)) * shape.HeadSize;
        if ((!hasKeys && source.Columns != shape.Heads * shape.HeadSize) || source.Type != ElementType.F32
            || (bias is not null && bias.Columns != source.Columns)
            || scale.Columns != shape.HeadSize)
        {
            throw new ArgumentException(
                $"Projected rows are {source.Type}[{source.Columns}] with a bias of {bias?.Columns ?? 0} and a query scale of {scale.Columns} elements, "
                + $"which does not match {shape.Heads} heads and {shape.KeyHeads} key heads of {shape.HeadSize}.",
                nameof(projected));
        }

        source.Check(0, step.Grid.Rows, nameof(projected));
        CudaAttentionWeights parameters = new(bias?.Address ?? 0, scale.Address, weights.HasNorm, weights.Eps);
        attention.SplitAsync(step.Step.Address, step.Grid, source.Address, source.Stride, hasKeys, parameters, kv.Address(group), stream);
    }

    /// <inheritdoc/>
    public void Run(IStepRows rows, int group, IActivation output)
    {
        CudaStepRows step = Step(rows);
        CudaActivation target = (CudaActivation)output;
        if (target.Type != shape.QueryType || target.Columns != shape.Heads * shape.HeadSize)
        {
            throw new ArgumentException(
                $"The output is {target.Type}[{target.Columns}], which does not match {shape.Heads} heads of {shape.HeadSize} {shape.QueryType} elements.",
                nameof(output));
        }

        target.Check(0, step.Grid.Rows, nameof(output));
        attention.AttendAsync(step.Step.Address, step.Grid, kv.Address(group), target.Address, target.Stride, stream);
    }

    /// <inheritdoc/>
    public void Dispose() => attention.Dispose();

    // Other operations have room for other numbers of rows and heads.
    private CudaStepRows Step(IStepRows rows)
    {
        AttentionBatch batch = rows.Batch;
        if (batch.Rows > maxRows || batch.GroupHeads != shape.GroupHeads || batch.KeyHeads != shape.KeyHeads || rows.Angles.Cos.Columns != shape.HeadSize / 2)
        {
            throw new ArgumentException(
                $"{batch.Rows} rows of {batch.KeyHeads} x {batch.GroupHeads} heads of {2 * rows.Angles.Cos.Columns} elements do not match "
                + $"{maxRows} rows of {shape.KeyHeads} x {shape.GroupHeads} heads of {shape.HeadSize}.",
                nameof(rows));
        }

        return (CudaStepRows)rows;
    }
}
