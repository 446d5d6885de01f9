using HunyuanOrleans.Kernels.Memory;
using HunyuanOrleans.Kernels.Packing;
using HunyuanOrleans.Kernels.Threading;

namespace HunyuanOrleans.Kernels.Devices;

/// <summary>Loads weights into the memory of a device. Thread-safe; loading runs beside computing.</summary>
public interface IMatrixLoader
{
    /// <summary>Bytes of a matrix in the device's memory.</summary>
    /// <param name="rows">Output rows.</param>
    /// <param name="columns">Input columns.</param>
    /// <param name="type">Element type.</param>
    /// <param name="paired">Whether it is a gate and the projection that it gates.</param>
    long SizeOf(int rows, int columns, ElementType type, bool paired);

    /// <summary>Allocates memory for a piece's matrices.</summary>
    /// <param name="bytes">Bytes of all of them.</param>
    IDeviceMemory Allocate(long bytes);

    /// <summary>Packs a matrix into memory of <see cref="Allocate"/>.</summary>
    /// <param name="memory">The memory, which must outlive the matrix.</param>
    /// <param name="offset">Offset of the matrix, a multiple of 4096.</param>
    /// <param name="matrix">Its rows, columns, type and where its rows come from.</param>
    /// <param name="pool">Workers that pack.</param>
    /// <param name="cancellationToken">Abandons packing.</param>
    IMatrix Load(IDeviceMemory memory, long offset, MatrixSource matrix, WorkerPool pool, CancellationToken cancellationToken);
}
