namespace HunyuanOrleans.Kernels.Devices;

/// <summary>A float32 vector on a device.</summary>
public interface IVector : IDisposable
{
    /// <summary>Number of elements.</summary>
    int Length { get; }
}
