using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Elementwise;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Products;
using HunyuanOrleans.Kernels.Routing;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Devices;

/// <summary>The CPU: buffers are memory of this process, operations run on the workers of a pool and have finished when they return.</summary>
/// <param name="pool">The workers. Not owned.</param>
/// <param name="kernels">The kernels that multiply.</param>
public sealed class CpuDevice(WorkerPool pool, PanelKernels kernels) : IComputeDevice
{
    /// <inheritdoc/>
    public bool UsesHostMemory => true;

    /// <inheritdoc/>
    public IMatrixLoader? Loader => null;

    /// <inheritdoc/>
    public string? Failure => null;

    /// <summary>Does nothing: every operation has computed when it returns.</summary>
    public void Synchronize()
    {
    }

    /// <inheritdoc/>
    public bool Replay(IStepRows rows, OperationRun operations, Action run)
    {
        run();
        return true;
    }

    /// <inheritdoc/>
    public IActivation CreateActivation(int rows, int columns, ElementType type) => new Activation(rows, columns, type);

    /// <inheritdoc/>
    public IVector CreateVector(float[] values) => new HostVector(values);

    /// <inheritdoc/>
    public IEmbeddingTable CreateEmbedding(IRowReader rows, ElementType type, CancellationToken cancellationToken) => new HostEmbeddingTable(rows);

    /// <inheritdoc/>
    public IKvPool CreateKvPool(KvShape shape, bool reserve) =>
        new KvBlocks(shape.Groups, shape.Blocks, shape.Heads, shape.HeadSize, shape.Type, reserve, shape.ComputeType);

    /// <inheritdoc/>
    public IMatrixTable CreateTable(int count) => new HostMatrixTable(count);

    /// <inheritdoc/>
    public IRoutedRows CreateRoutedRows(int maxTokens, int maxTopK, int experts) => new RoutedRows(maxTokens, maxTopK, experts);

    /// <inheritdoc/>
    public IExpertRows CreateExpertRows(int experts) => new HostExpertRows(experts);

    /// <inheritdoc/>
    public IRmsNorm CreateRmsNorm() => new RmsNorm(pool);

    /// <inheritdoc/>
    public IMatrixProducts CreateProducts(int maxItems) => new MatrixProducts(pool, maxItems);

    /// <inheritdoc/>
    public IAttention CreateAttention(IKvPool kv, int heads, int maxRows) => new CpuAttention(pool, kernels, (KvBlocks)kv, heads, maxRows);

    /// <inheritdoc/>
    public IRowGather CreateGather() => new RowGather(pool);

    /// <inheritdoc/>
    public IExpertSelector CreateSelector() => new ExpertSelector(pool);

    /// <inheritdoc/>
    public IWeightedRowSum CreateWeightedRowSum() => new WeightedRowSum(pool);

    /// <inheritdoc/>
    public ITopLogits? CreateTopLogits(int maxRows, int vocabulary) => null;

    /// <inheritdoc/>
    public IBiasAdd CreateBiasAdd() => new BiasAdd(pool);

    /// <summary>Does nothing: everything belongs to whoever created it.</summary>
    public void Dispose()
    {
    }
}
