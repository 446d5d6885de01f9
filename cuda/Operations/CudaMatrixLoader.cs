using System.Collections.Concurrent;
using HunyuanOrleans.Cuda.Driver;
using HunyuanOrleans.Cuda.Memory;
using HunyuanOrleans.Cuda.Packing;
using HunyuanOrleans.Cuda.Products;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Devices;
using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Cuda.Operations;

/// <summary>Packs weights into pinned memory, part by part, while earlier parts are copied to the device.</summary>
/// <param name="driver">The driver.</param>
/// <param name="staging">The pinned memory.</param>
internal sealed class CudaMatrixLoader(ICudaDriver driver, StagingBuffers staging) : IMatrixLoader, IDisposable
{
    // Each keeps buffers for its workers.
    private readonly ConcurrentBag<CudaMatrixPacker> _packers = [];

    /// <inheritdoc/>
    public long SizeOf(int rows, int columns, ElementType type, bool paired) => CudaMatrixLayout.Of(rows, columns, type, paired).ByteLength;

    /// <inheritdoc/>
    public IDeviceMemory Allocate(long bytes) => new CudaMemory(driver, driver.Allocate(bytes), bytes);

    /// <inheritdoc/>
    public IMatrix Load(IDeviceMemory memory, long offset, MatrixSource matrix, WorkerPool pool, CancellationToken cancellationToken)
    {
        CudaMatrixLayout layout = CudaMatrixLayout.Of(matrix.Rows, matrix.Columns, matrix.Type, matrix.Paired);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, memory.ByteLength - layout.ByteLength);
        DeviceMatrix target = DeviceMatrix.At(layout, ((CudaMemory)memory).Address + (ulong)offset);
        CudaMatrixPacker packer = _packers.TryTake(out CudaMatrixPacker? unused) ? unused : new CudaMatrixPacker();
        try
        {
            Upload(packer, pool, layout, matrix, target, cancellationToken);
        }
        finally
        {
            _packers.Add(packer);
        }

        return new CudaMatrix(target);
    }

    /// <summary>Frees the memory of the workers. Nothing may be loading.</summary>
    public void Dispose()
    {
        while (_packers.TryTake(out CudaMatrixPacker? packer))
        {
            packer.Dispose();
        }
    }

    private void Upload(
        CudaMatrixPacker packer, WorkerPool pool, CudaMatrixLayout layout, MatrixSource matrix, DeviceMatrix target, CancellationToken cancellationToken)
    {
        byte[] scales = new byte[layout.ScaleBytes];
        staging.Upload(
            target.Weights,
            layout.WeightBytes,
            (offset, part) =>
            {
                int first = (int)(offset / layout.WeightTileBytes), tiles = (int)(part.Length / layout.WeightTileBytes);
                Span<byte> scalesOfPart = scales.AsSpan((int)(first * layout.ScaleTileBytes), (int)(tiles * layout.ScaleTileBytes));
                packer.Pack(pool, layout, matrix.Sources, first, tiles, part, scalesOfPart);
            },
            cancellationToken,
            layout.WeightTileBytes);
        staging.Upload(target.Scales, scales.Length, (offset, part) => scales.AsSpan((int)offset, part.Length).CopyTo(part), cancellationToken);
    }
}
