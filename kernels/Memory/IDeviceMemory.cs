namespace HunyuanOrleans.Kernels.Memory;

/// <summary>Memory of a device.</summary>
public interface IDeviceMemory : IDisposable
{
    /// <summary>Usable size in bytes.</summary>
    long ByteLength { get; }
}
