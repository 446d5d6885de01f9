namespace HunyuanOrleans.Cuda.Driver;

/// <summary>A GPU of this machine.</summary>
/// <param name="Info">Its description.</param>
/// <param name="Problem">A sentence that says why it cannot be used; null if it can.</param>
public sealed record CudaDevice(CudaDeviceInfo Info, string? Problem);
