using HunyuanOrleans.Kernels.Devices;

namespace HunyuanOrleans.Cuda.Driver;

/// <summary>CUDA's driver refused a call or failed.</summary>
public sealed class CudaException : DeviceException
{
    /// <summary>Creates the exception.</summary>
    public CudaException(string message)
        : base(message)
    {
    }
}
