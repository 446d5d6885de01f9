using HunyuanOrleans.Cuda.Compilation;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Kernels;
using HunyuanOrleans.Kernels;

namespace HunyuanOrleans.Cuda.Attention;

/// <summary>
/// Launches the kernels of attention: first <see cref="SplitAsync"/>, then <see cref="AttendAsync"/>, for each layer of a step. It owns the queries and
/// the partial results. Arguments do not change between steps with the same addresses, so that the launches can be captured in graphs.
/// </summary>
internal sealed class CudaAttention : IDisposable
{
    // With fewer warps, each gets its own block, so that they spread over the device. Otherwise the warps of a block share keys and values in its cache.
    private const int SharingWarpsPerMultiprocessor = 8;

    private readonly ICudaDriver _driver;
    private readonly AttentionShape _shape;
    private readonly CudaFunction _split;
    private readonly CudaFunction _attend;
    private readonly CudaFunction _merge;
    private readonly ulong _queries;
    private readonly ulong _partials;

    /// <summary>Allocates the queries and the partial results.</summary>
    /// <param name="driver">The device.</param>
    /// <param name="loader">Loads the kernels.</param>
    /// <param name="shape">The heads.</param>
    /// <param name="maxRows">Most rows in a batch.</param>
    /// <param name="maxPartials">
    /// Most partial results of segments of 256 positions for each key/value head. With as many as the longest context has segments, a single sequence of
    /// any length uses the whole device. Each takes 64 bytes times the head size.
    /// </param>
    public CudaAttention(ICudaDriver driver, KernelLoader loader, AttentionShape shape, int maxRows, int maxPartials)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxPartials);
        (_driver, _shape) = (driver, shape);
        AttentionKernelSet kernels = AttentionKernelSet.For(shape.Type, shape.Size);
        _split = new CudaFunction(driver, loader, kernels.Split);
        _attend = new CudaFunction(driver, loader, kernels.Attend, kernels.AttendSharedBytes);
        _merge = new CudaFunction(driver, loader, kernels.Merge, AttentionMergeKernels.SharedBytes);
        _queries = driver.Allocate((long)maxRows * shape.Heads * shape.Size * shape.QueryType.Size());
        try
        {
            // Units with few rows leave parts of their results as they are, and merges read them.
            _partials = ClearedMemory.Allocate(driver, (long)maxPartials * shape.KeyHeads * AttentionKernels.PartialBytes(shape.Size));
        }
        catch
        {
            driver.Free(_queries);
            throw;
        }
    }

    /// <summary>Converts projected rows to queries, and to keys and values in the cache if the rows have them.</summary>
    /// <param name="step">The address of the step's descriptors.</param>
    /// <param name="grid">The sizes of the launch.</param>
    /// <param name="projected">Address of float32 rows [query heads, key heads, value heads] or [query heads].</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="hasKeys">Whether rows have keys and values.</param>
    /// <param name="weights">The parameters of the layer.</param>
    /// <param name="group">Address of the layer group's keys and values.</param>
    /// <param name="stream">The stream.</param>
    public void SplitAsync(
        ulong step, AttentionGrid grid, ulong projected, int stride, bool hasKeys, CudaAttentionWeights weights, ulong group, nint stream)
    {
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(step);
        arguments.Add(projected);
        arguments.Add(stride);
        arguments.Add(weights.Bias);
        arguments.Add(weights.QueryScale);
        arguments.Add(weights.HasNorm ? 1 : 0);
        arguments.Add(weights.Eps);
        arguments.Add(_queries);
        arguments.Add(group);
        arguments.Add(_shape.KeyHeads);
        arguments.Add(_shape.GroupHeads);
        arguments.Add(_shape.HeadSize);
        arguments.Add(_shape.Size);
        arguments.Add(hasKeys ? 1 : 0);
        int heads = _shape.Heads + (hasKeys ? _shape.KeyHeads : 0);
        CudaGrid blocks = new(grid.Rows, (heads + SplitKernels.Warps - 1) / SplitKernels.Warps);
        _split.LaunchAsync(blocks, stream, arguments);
    }

    /// <summary>Computes attention for the queries of the last <see cref="SplitAsync"/>.</summary>
    /// <param name="step">The address of the step's descriptors.</param>
    /// <param name="grid">The sizes of the launches.</param>
    /// <param name="group">Address of the layer group's keys and values.</param>
    /// <param name="output">Receives rows [query heads, head size], float32 with float32 keys and values, otherwise bfloat16.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="stream">The stream.</param>
    public void AttendAsync(ulong step, AttentionGrid grid, ulong group, ulong output, int stride, nint stream)
    {
        LaunchAttend(step, grid, group, output, stride, stream);
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(step);
        arguments.Add(_partials);
        arguments.Add(output);
        arguments.Add(stride);
        arguments.Add(_shape.KeyHeads);
        arguments.Add(_shape.GroupHeads);
        arguments.Add(_shape.HeadSize);
        arguments.Add(_shape.Size);
        CudaGrid blocks = new(grid.Merges, _shape.KeyHeads, _shape.HeadSize / 8);
        _merge.LaunchAsync(blocks, stream, arguments);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _driver.Free(_queries);
        _driver.Free(_partials);
    }

    private void LaunchAttend(ulong step, AttentionGrid grid, ulong group, ulong output, int stride, nint stream)
    {
        KernelArguments arguments = new(stackalloc byte[KernelArguments.MaxBytes]);
        arguments.Add(step);
        arguments.Add(group);
        arguments.Add(_queries);
        arguments.Add(_partials);
        arguments.Add(output);
        arguments.Add(stride);
        arguments.Add(_shape.KeyHeads);
        arguments.Add(_shape.GroupHeads);
        arguments.Add(_shape.HeadSize);
        if (_shape.Type == ElementType.F32)
        {
            arguments.Add(_shape.Size);
            _attend.LaunchAsync(new CudaGrid(grid.Units, _shape.KeyHeads), stream, arguments);
            return;
        }

        bool shares = (long)grid.Units * _shape.KeyHeads >= (long)_driver.Device.Multiprocessors * SharingWarpsPerMultiprocessor;
        int warps = shares ? AttentionKernels.Threads / 32 : 1;
        _attend.LaunchAsync(new CudaGrid((grid.Units + warps - 1) / warps, _shape.KeyHeads), stream, arguments.Bytes, warps * 32);
    }
}
