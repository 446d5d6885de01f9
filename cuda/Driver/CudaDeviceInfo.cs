namespace HunyuanOrleans.Cuda.Driver;

/// <summary>A GPU as its driver describes it.</summary>
/// <param name="Ordinal">Its number, from 0.</param>
/// <param name="Name">Its name.</param>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="FreeBytes">Memory that was free when it was asked.</param>
/// <param name="Major">Major number of the compute capability.</param>
/// <param name="Minor">Minor number of the compute capability.</param>
/// <param name="Multiprocessors">Number of multiprocessors.</param>
/// <param name="SharedBytesPerBlock">The most shared memory that a block can ask for.</param>
/// <param name="DriverVersion">The newest CUDA version that the driver supports, such as 13.0.</param>
public sealed record CudaDeviceInfo(
    int Ordinal, string Name, long MemoryBytes, long FreeBytes, int Major, int Minor, int Multiprocessors, int SharedBytesPerBlock, Version DriverVersion);
