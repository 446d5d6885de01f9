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

/// <summary>Packs weights into pinned memory, piece by piece, while earlier pieces are copied to the device.</summary>
/// <param name="driver">The driver.</param>
/// <param name="staging">The pinned memory.</param>
internal sealed class CudaMatrixLoader(ICudaDriver driver, StagingBuffers staging) : IMatrixLoader
{
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
        using CudaMatrixPacker packer = new();
        int most = (int)Math.Max(1, StagingBuffers.DefaultBytes / layout.WeightTileBytes);
        for (int first = 0; first < layout.RowTiles; first += most)
        {
            int tiles = Math.Min(most, layout.RowTiles - first);
            Upload(packer, pool, layout, matrix, first, tiles, target, cancellationToken);
        }

        return new CudaMatrix(target);
    }

    private void Upload(
        CudaMatrixPacker packer, WorkerPool pool, CudaMatrixLayout layout, MatrixSource matrix, int first, int tiles, DeviceMatrix target, CancellationToken cancellationToken)
    {
        byte[] scales = new byte[tiles * layout.ScaleTileBytes];
        staging.Upload(
            target.Weights + (ulong)(first * layout.WeightTileBytes),
            tiles * layout.WeightTileBytes,
            (_, part) => packer.Pack(pool, layout, matrix.Sources, first, tiles, part, scales),
            cancellationToken);
        if (scales.Length > 0)
        {
            staging.Upload(target.Scales + (ulong)(first * layout.ScaleTileBytes), scales.Length, (_, part) => scales.CopyTo(part), cancellationToken);
        }
    }
}
