using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Panels;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Attention;

/// <summary>Attention on the CPU: <see cref="QkvPreprocessor"/> and <see cref="PagedAttention"/> with the queries between them.</summary>
internal sealed class CpuAttention : IAttention
{
    private readonly KvBlocks _cache;
    private readonly QkvPreprocessor _preprocessor;
    private readonly PagedAttention _attention;
    private readonly QueryBuffer _queries;

    public CpuAttention(WorkerPool pool, PanelKernels kernels, KvBlocks cache, int heads, int maxRows)
    {
        _cache = cache;
        _preprocessor = new QkvPreprocessor(pool);
        _queries = new QueryBuffer(maxRows, heads, cache, kernels);
        _attention = new PagedAttention(pool, cache, heads / cache.Heads, kernels);
    }

    /// <inheritdoc/>
    public IStepRows CreateRows() => new HostStepRows(_queries.MaxRows, _cache.HeadSize);

    /// <inheritdoc/>
    public void Split(IStepRows rows, IActivation projected, AttentionWeights weights, int group) =>
        _preprocessor.Run(rows.Batch, (Activation)projected, rows.Angles, weights, _queries, _cache, group);

    /// <inheritdoc/>
    public void Run(IStepRows rows, int group, IActivation output) => _attention.Run(rows.Batch, _queries, group, (Activation)output);

    /// <inheritdoc/>
    public void Dispose()
    {
        _attention.Dispose();
        _queries.Dispose();
    }
}
