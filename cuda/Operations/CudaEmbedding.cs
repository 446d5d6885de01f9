using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Cuda.Rows;
using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>The rows of an embedding in device memory.</summary>
internal sealed class CudaEmbedding(CudaActivation table, RowOperations operations, GrowingArray tokens) : IEmbeddingTable
{
    /// <inheritdoc/>
    public long ByteLength => table.Bytes;

    /// <inheritdoc/>
    public void Embed(ReadOnlySpan<int> ids, IActivation x) => operations.Embed(table, tokens.Upload(ids), ids.Length, (CudaActivation)x);

    /// <inheritdoc/>
    public void Dispose() => table.Dispose();
}
