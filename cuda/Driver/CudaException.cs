namespace HunyuanOrleans.Cuda.Driver;

/// <summary>CUDA's driver refused a call or failed.</summary>
public sealed class CudaException : Exception
{
    /// <summary>Creates the exception.</summary>
    public CudaException(string message)
        : base(message)
    {
    }
}
