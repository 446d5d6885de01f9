using HunyuanOrleans.Cuda.Attention;
using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Cuda.Rows;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Elementwise;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>A GPU: buffers are device memory, operations are kernels in one stream.</summary>
public sealed class CudaComputeDevice : IComputeDevice
{
    // Rows of an embedding that are converted at once.
    private const int EmbeddingRows = 1024;

    private readonly ICudaDriver _driver;
    private readonly nint _stream;
    private readonly KernelCompiler _compiler;
    private readonly KernelLoader _kernels;
    private readonly RowStaging _staging;
    private readonly CudaMatrixLoader _loader;
    private readonly RowOperations _operations;
    private readonly GrowingArray _lists;
    private readonly StepGraphs _graphs;
    private readonly ProductLauncher _products;
    private readonly Stack<IDisposable> _owned = [];

    /// <summary>Prepares a device.</summary>
    /// <param name="driver">The device's driver, which is disposed with it, also if it cannot be prepared.</param>
    /// <exception cref="CudaException">The device or the host has not enough memory.</exception>
    public CudaComputeDevice(ICudaDriver driver)
    {
        _driver = Own(driver);
        try
        {
            _stream = driver.CreateStream();
            _compiler = Own(new KernelCompiler());
            _kernels = new KernelLoader(driver, _compiler);
            _staging = Own(new RowStaging(driver, _stream));
            _loader = Own(new CudaMatrixLoader(driver, Own(new StagingBuffers(driver))));
            _operations = new RowOperations(driver, _kernels, _stream);
            _lists = Own(new GrowingArray(driver, _staging));
            _graphs = Own(new StepGraphs(driver, _stream, _staging));
            _products = new ProductLauncher(driver, _kernels);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Opens a device of this machine.</summary>
    /// <param name="ordinal">Its number, from 0.</param>
    /// <exception cref="CudaException">There is no such device, or it cannot be used.</exception>
    public static CudaComputeDevice Open(int ordinal) => new(CudaDriver.Open(ordinal));

    /// <summary>The device's driver.</summary>
    internal ICudaDriver Driver => _driver;

    /// <summary>The stream of all operations.</summary>
    internal nint Stream => _stream;

    /// <summary>Loads further kernels for the device.</summary>
    internal KernelLoader Kernels => _kernels;

    /// <inheritdoc/>
    public bool UsesHostMemory => false;

    /// <inheritdoc/>
    public IMatrixLoader Loader => _loader;

    /// <inheritdoc/>
    public string? Failure => _driver.Failure;

    /// <inheritdoc/>
    public void Synchronize() => _driver.Synchronize(_stream);

    /// <inheritdoc/>
    public bool Replay(IStepRows rows, OperationRun operations, Action run) => _graphs.Run(rows, ((CudaStepRows)rows).Grid, operations, run);

    /// <inheritdoc/>
    public IActivation CreateActivation(int rows, int columns, ElementType type) => Buffer(rows, columns, type);

    /// <inheritdoc/>
    public IVector CreateVector(float[] values)
    {
        CudaActivation row = Buffer(1, values.Length, ElementType.F32);
        row.CopyIn(0, 1, System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values));
        return new CudaVector(row);
    }

    /// <inheritdoc/>
    public IEmbeddingTable CreateEmbedding(IRowReader rows, ElementType type, CancellationToken cancellationToken)
    {
        CudaActivation table = Buffer(rows.Rows, rows.Columns, type);
        try
        {
            float[] row = new float[rows.Columns];
            byte[] converted = new byte[EmbeddingRows * table.RowLength];
            for (int first = 0; first < rows.Rows; first += EmbeddingRows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int count = Math.Min(EmbeddingRows, rows.Rows - first);
                for (int i = 0; i < count; i++)
                {
                    rows.ReadRow(first + i, row);
                    Conversion.FromSingles(row, type, converted.AsSpan(i * table.RowLength, table.RowLength));
                }

                table.CopyIn(first, count, converted.AsSpan(0, count * table.RowLength));
            }

            return new CudaEmbedding(table, _operations, _lists);
        }
        catch
        {
            table.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IKvPool CreateKvPool(KvShape shape, bool reserve)
    {
        if (shape.HeadSize % AttentionShape.SizeUnit != 0 || shape.HeadSize > AttentionShape.MaxSize)
        {
            throw new DeviceException(
                $"{_driver.Device.Name} cannot compute heads of {shape.HeadSize} elements; allowed: multiples of {AttentionShape.SizeUnit} up to {AttentionShape.MaxSize}.");
        }

        return new CudaKv(_driver, new CudaKvPool(_driver, shape.Groups, shape.Blocks, shape.Heads, shape.HeadSize, shape.Type, reserve), _stream);
    }

    /// <inheritdoc/>
    public IMatrixTable CreateTable(int count)
    {
        CudaArray<ulong> all = Array<ulong>(2 * count);
        try
        {
            return new CudaMatrixTable(all, Array<ulong>(2 * count));
        }
        catch
        {
            all.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IRoutedRows CreateRoutedRows(int maxTokens, int maxTopK, int experts)
    {
        if (experts > RoutingKernels.MaxExperts || maxTopK > RoutingKernels.MaxTopK)
        {
            throw new DeviceException(
                $"{_driver.Device.Name} cannot choose {maxTopK} of {experts} experts; allowed: at most {RoutingKernels.MaxTopK} of {RoutingKernels.MaxExperts}.");
        }

        return new CudaRouted(new CudaRoutedRows(_driver, _kernels, _stream, _staging, maxTokens, maxTopK, experts), experts);
    }

    /// <inheritdoc/>
    public IExpertRows CreateExpertRows(int experts) => new CudaExpertRows(Array<int>(experts + 1));

    /// <inheritdoc/>
    public IRmsNorm CreateRmsNorm() => new CudaRowOperations(_operations, _lists);

    /// <inheritdoc/>
    public IMatrixProducts CreateProducts(int maxItems) => new CudaProducts(_products, _stream);

    /// <inheritdoc/>
    public IAttention CreateAttention(IKvPool kv, int heads, int maxRows)
    {
        CudaKvPool pool = ((CudaKv)kv).Pool;
        AttentionShape shape = new(heads, pool.Heads, pool.HeadSize, pool.Type);
        CudaAttention attention = new(_driver, _kernels, shape, maxRows, CudaAttentionOperation.MaxPartials);
        return new CudaAttentionOperation(_driver, attention, shape, pool, maxRows, _stream, _graphs);
    }

    /// <inheritdoc/>
    public IRowGather CreateGather() => new CudaRowOperations(_operations, _lists);

    /// <inheritdoc/>
    public IExpertSelector CreateSelector() => new CudaRowOperations(_operations, _lists);

    /// <inheritdoc/>
    public IWeightedRowSum CreateWeightedRowSum() => new CudaRowOperations(_operations, _lists);

    /// <inheritdoc/>
    public ITopLogits CreateTopLogits(int maxRows, int vocabulary) =>
        new TopLogits(_driver, _kernels, _stream, _staging, maxRows, vocabulary, SamplingKernels.MaxLength);

    /// <inheritdoc/>
    public IBiasAdd CreateBiasAdd() => new CudaRowOperations(_operations, _lists);

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_owned.TryPop(out IDisposable? owned))
        {
            // The driver is the last: with it go its streams and what nothing else owns.
            if (owned == _driver && _stream != 0)
            {
                _driver.DestroyStream(_stream);
            }

            owned.Dispose();
        }
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Push(part);
        return part;
    }

    private CudaActivation Buffer(int rows, int columns, ElementType type) => new(_driver, _staging, rows, columns, type);

    private CudaArray<T> Array<T>(int length)
        where T : unmanaged => new(_driver, _staging, length);
}
